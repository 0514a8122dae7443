"""Elastic Load Balancing v2: a balancer, its listener and rules, a target group and its health."""

from kit import contains, pages, refused, same, wait

STAGE = [{"Key": "stage", "Value": "test"}]


def life_cycle(kit):
    elb, ec2 = kit.client("elbv2"), kit.client("ec2")
    subnets = pages(ec2, "describe_subnets", "Subnets")
    made = elb.create_load_balancer(Name="drive", Subnets=[one["SubnetId"] for one in subnets[:2]], Tags=[{"Key": "team", "Value": "a"}])
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    wait(elb, "load_balancer_available", LoadBalancerArns=[balancer])
    same([one["LoadBalancerName"] for one in pages(elb, "describe_load_balancers", "LoadBalancers", Names=["drive"])], ["drive"])
    elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}])
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    contains(attributes, {"Key": "idle_timeout.timeout_seconds", "Value": "30"})
    contains([limit["Name"] for limit in elb.describe_account_limits()["Limits"]], "target-groups")
    elb.add_tags(ResourceArns=[balancer], Tags=STAGE)
    elb.remove_tags(ResourceArns=[balancer], TagKeys=["team"])
    same(elb.describe_tags(ResourceArns=[balancer])["TagDescriptions"][0]["Tags"], STAGE)

    blue, green = [target_group(elb, name, subnets[0]["VpcId"]) for name in ("drive-blue", "drive-green")]
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=8931, DefaultActions=[action])["Listeners"][0]["ListenerArn"]
    elb.modify_listener(ListenerArn=listener, DefaultActions=[{**action, "FixedResponseConfig": {"StatusCode": "503"}}])
    same(pages(elb, "describe_listeners", "Listeners", LoadBalancerArn=balancer)[0]["Port"], 8931)
    rules(elb, listener, blue, green)
    targets(kit, elb, blue)
    elb.delete_listener(ListenerArn=listener)
    for group in (blue, green):
        elb.delete_target_group(TargetGroupArn=group)
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    wait(elb, "load_balancers_deleted", LoadBalancerArns=[balancer])


def target_group(elb, name, vpc):
    arn = elb.create_target_group(Name=name, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="instance")["TargetGroups"][0]["TargetGroupArn"]
    with refused("DuplicateTargetGroupName", 400):
        elb.create_target_group(Name=name, Protocol="HTTP", Port=8081, VpcId=vpc, TargetType="instance")
    elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/health")
    same(pages(elb, "describe_target_groups", "TargetGroups", TargetGroupArns=[arn])[0]["HealthCheckPath"], "/health")
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}])
    contains(elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"], {"Key": "deregistration_delay.timeout_seconds", "Value": "5"})
    return arn


def forward(weights):
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def rules(elb, listener, blue, green):
    condition = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/shop/*"]}}]
    request = dict(ListenerArn=listener, Conditions=condition, Priority=10)
    with refused("ValidationError", 400):
        elb.create_rule(**request, Actions=forward({blue: 1000}))
    rule = elb.create_rule(**request, Actions=forward({blue: 100, green: 0}))["Rules"][0]["RuleArn"]
    with refused("PriorityInUse", 400):
        elb.create_rule(**request, Actions=forward({green: 1}))
    with refused("ResourceInUse", 400):
        elb.delete_target_group(TargetGroupArn=green)
    [changed] = elb.modify_rule(RuleArn=rule, Actions=forward({blue: 0, green: 100}))["Rules"]
    weights = {one["TargetGroupArn"]: one["Weight"] for one in changed["Actions"][0]["ForwardConfig"]["TargetGroups"]}
    same(weights, {blue: 0, green: 100})
    elb.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 20}])
    same([one["Priority"] for one in pages(elb, "describe_rules", "Rules", ListenerArn=listener)], ["20", "default"])
    elb.delete_rule(RuleArn=rule)
    with refused("RuleNotFound", 400):
        elb.describe_rules(RuleArns=[rule])


def targets(kit, elb, group):
    ec2 = kit.client("ec2")
    base = kit.client("ssm").get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
    launched = ec2.run_instances(ImageId=base["Parameter"]["Value"], InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance = launched["Instances"][0]["InstanceId"]
    target = [{"Id": instance, "Port": 8080}]
    wait(ec2, "instance_running", InstanceIds=[instance])
    elb.register_targets(TargetGroupArn=group, Targets=target)
    [health] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    same((health["TargetHealth"]["State"], health["TargetHealth"]["Reason"]), ("unused", "Target.NotInUse"))
    elb.deregister_targets(TargetGroupArn=group, Targets=target)
    wait(elb, "target_deregistered", TargetGroupArn=group, Targets=target)
    with refused("InvalidTarget", 400):
        elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "i-0123456789abcdef0"}])
    ec2.terminate_instances(InstanceIds=[instance])
    wait(ec2, "instance_terminated", InstanceIds=[instance])
