"""Identity and Access Management: roles, users, policies, profiles, and the simulator."""

import json

from kit import contains, pages, policy, refused, same, trust

TEAM = [{"Key": "team", "Value": "a"}]
STAGE = [{"Key": "stage", "Value": "test"}]


def life_cycle(kit):
    iam = kit.client("iam")
    managed = managed_policies(iam)
    roles(iam, managed)
    users(iam, managed)
    instance_profiles(iam)
    service_linked_roles(iam)
    simulator(iam)
    with refused("DeleteConflict", 409):
        iam.create_role(RoleName="drive-held", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
        iam.put_role_policy(RoleName="drive-held", PolicyName="p", PolicyDocument=policy("s3:GetObject"))
        iam.delete_role(RoleName="drive-held")
    iam.delete_role_policy(RoleName="drive-held", PolicyName="p")
    iam.delete_role(RoleName="drive-held")
    iam.delete_policy(PolicyArn=managed)


def managed_policies(iam):
    arn = iam.create_policy(PolicyName="drive", PolicyDocument=policy("s3:GetObject"), Tags=TEAM)["Policy"]["Arn"]
    contains([one["Arn"] for one in pages(iam, "list_policies", "Policies", Scope="Local")], arn)
    same(iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"], "v1")
    second = iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("s3:PutObject"))["PolicyVersion"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=second["VersionId"])["PolicyVersion"]["Document"]
    same(document["Statement"][0]["Action"], "s3:PutObject", "document as botocore decodes it")
    with refused("DeleteConflict", 409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    same([one["VersionId"] for one in pages(iam, "list_policy_versions", "Versions", PolicyArn=arn)], ["v2"])
    iam.tag_policy(PolicyArn=arn, Tags=STAGE)
    iam.untag_policy(PolicyArn=arn, TagKeys=["team"])
    same(iam.list_policy_tags(PolicyArn=arn)["Tags"], STAGE)
    with refused("MalformedPolicyDocument", 400):
        iam.create_policy(PolicyName="broken", PolicyDocument='{"Statement": []}')
    return arn


def roles(iam, managed):
    name = dict(RoleName="drive")
    iam.create_role(**name, AssumeRolePolicyDocument=trust("lambda.amazonaws.com"), Path="/drive/", Tags=TEAM)
    with refused("EntityAlreadyExists", 409):
        iam.create_role(**name, AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    same([one["RoleName"] for one in pages(iam, "list_roles", "Roles", PathPrefix="/drive/")], ["drive"])
    iam.update_role(**name, Description="driven", MaxSessionDuration=7200)
    iam.update_assume_role_policy(**name, PolicyDocument=trust("states.amazonaws.com"))
    read = iam.get_role(**name)["Role"]
    same((read["Description"], read["MaxSessionDuration"]), ("driven", 7200))
    contains(json.dumps(read["AssumeRolePolicyDocument"]), "states.amazonaws.com")
    iam.put_role_policy(**name, PolicyName="inline", PolicyDocument=policy("sqs:SendMessage"))
    same(pages(iam, "list_role_policies", "PolicyNames", **name), ["inline"])
    inline = iam.get_role_policy(**name, PolicyName="inline")["PolicyDocument"]
    same(inline["Statement"][0]["Action"], "sqs:SendMessage")
    iam.attach_role_policy(**name, PolicyArn=managed)
    same(pages(iam, "list_attached_role_policies", "AttachedPolicies", **name)[0]["PolicyArn"], managed)
    same([one["RoleName"] for one in pages(iam, "list_entities_for_policy", "PolicyRoles", PolicyArn=managed)], ["drive"])
    with refused("DeleteConflict", 409):
        iam.delete_policy(PolicyArn=managed)
    iam.put_role_permissions_boundary(**name, PermissionsBoundary=managed)
    same(iam.get_role(**name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"], managed)
    iam.delete_role_permissions_boundary(**name)
    iam.tag_role(**name, Tags=STAGE)
    iam.untag_role(**name, TagKeys=["team"])
    same(iam.list_role_tags(**name)["Tags"], STAGE)
    iam.detach_role_policy(**name, PolicyArn=managed)
    iam.delete_role_policy(**name, PolicyName="inline")
    iam.delete_role(**name)
    with refused("NoSuchEntity", 404):
        iam.get_role(**name)


def users(iam, managed):
    name = dict(UserName="drive")
    iam.create_user(**name, Tags=TEAM)
    contains([one["UserName"] for one in pages(iam, "list_users", "Users")], "drive")
    same(iam.get_user(**name)["User"]["UserName"], "drive")
    iam.put_user_policy(**name, PolicyName="inline", PolicyDocument=policy("s3:GetObject"))
    same(pages(iam, "list_user_policies", "PolicyNames", **name), ["inline"])
    same(iam.get_user_policy(**name, PolicyName="inline")["PolicyName"], "inline")
    iam.attach_user_policy(**name, PolicyArn=managed)
    same(len(pages(iam, "list_attached_user_policies", "AttachedPolicies", **name)), 1)
    iam.put_user_permissions_boundary(**name, PermissionsBoundary=managed)
    iam.delete_user_permissions_boundary(**name)
    iam.tag_user(**name, Tags=STAGE)
    iam.untag_user(**name, TagKeys=["team"])
    same(pages(iam, "list_user_tags", "Tags", **name), STAGE)
    key = iam.create_access_key(**name)["AccessKey"]["AccessKeyId"]
    iam.update_access_key(**name, AccessKeyId=key, Status="Inactive")
    same([one["Status"] for one in pages(iam, "list_access_keys", "AccessKeyMetadata", **name)], ["Inactive"])
    iam.delete_access_key(**name, AccessKeyId=key)
    iam.detach_user_policy(**name, PolicyArn=managed)
    iam.delete_user_policy(**name, PolicyName="inline")
    iam.delete_user(**name)


def instance_profiles(iam):
    profile, role = dict(InstanceProfileName="drive"), dict(RoleName="drive-instances")
    iam.create_role(**role, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.create_instance_profile(**profile, Tags=TEAM)
    iam.add_role_to_instance_profile(**profile, **role)
    with refused("LimitExceeded", 409):
        iam.add_role_to_instance_profile(**profile, **role)
    same(iam.get_instance_profile(**profile)["InstanceProfile"]["Roles"][0]["RoleName"], "drive-instances")
    contains([one["InstanceProfileName"] for one in pages(iam, "list_instance_profiles", "InstanceProfiles")], "drive")
    same(len(pages(iam, "list_instance_profiles_for_role", "InstanceProfiles", **role)), 1)
    iam.tag_instance_profile(**profile, Tags=STAGE)
    iam.untag_instance_profile(**profile, TagKeys=["team"])
    same(iam.list_instance_profile_tags(**profile)["Tags"], STAGE)
    iam.remove_role_from_instance_profile(**profile, **role)
    iam.delete_instance_profile(**profile)
    iam.delete_role(**role)


def service_linked_roles(iam):
    name = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="drive")["Role"]["RoleName"]
    contains(name, "AWSServiceRoleForAutoScaling_drive")
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    contains(["SUCCEEDED", "IN_PROGRESS", "NOT_STARTED"], iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"])


def simulator(iam):
    given = json.loads(policy("s3:GetObject", "arn:aws:s3:::bucket/*"))
    given["Statement"].append({"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/secret/*"})
    decided = pages(
        iam, "simulate_custom_policy", "EvaluationResults", PolicyInputList=[json.dumps(given)], ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::bucket/open", "arn:aws:s3:::bucket/secret/x", "arn:aws:s3:::other/x"],
    )
    same([one["EvalDecision"] for one in decided], ["allowed", "explicitDeny", "implicitDeny"])
    iam.create_role(RoleName="drive-judged", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.put_role_policy(RoleName="drive-judged", PolicyName="p", PolicyDocument=policy("ec2:RunInstances"))
    arn = iam.get_role(RoleName="drive-judged")["Role"]["Arn"]
    decided = pages(iam, "simulate_principal_policy", "EvaluationResults", PolicySourceArn=arn,
                    ActionNames=["ec2:RunInstances", "ec2:StopInstances"])
    same([one["EvalDecision"] for one in decided], ["allowed", "implicitDeny"])
    iam.delete_role_policy(RoleName="drive-judged", PolicyName="p")
    iam.delete_role(RoleName="drive-judged")
