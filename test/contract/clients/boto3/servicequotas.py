"""Service Quotas: what an account may have of what this cloud enforces."""

from kit import contains, refused


def life_cycle(kit):
    quotas = kit.client("service-quotas")
    quota = quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")["Quota"]
    contains(quota["QuotaName"], "Running On-Demand Standard")
    assert quota["Value"] > 0 and quota["Adjustable"], quota
    with refused("NoSuchResourceException", 404):
        quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-00000000")
