"""Amazon EC2 Auto Scaling: a group with its instances, hooks, policies, processes, tags and traffic."""

from kit import contains, pages, policy, refused, same, trust, until, wait

GROUP = dict(AutoScalingGroupName="drive")


def life_cycle(kit):
    scaling, ec2, ssm = kit.client("autoscaling"), kit.client("ec2"), kit.client("ssm")
    base = ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")["Parameter"]["Value"]
    data = {"ImageId": base, "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="drive-scaling", LaunchTemplateData=data)
    template = {"LaunchTemplateName": "drive-scaling", "Version": "1"}
    subnets = [one["SubnetId"] for one in pages(ec2, "describe_subnets", "Subnets")][:2]
    create = dict(**GROUP, LaunchTemplate=template, MinSize=0, MaxSize=4, VPCZoneIdentifier=",".join(subnets))
    until("the template can be used", lambda: scaling.create_auto_scaling_group(**create, DesiredCapacity=1) )
    with refused("AlreadyExists", 400):
        scaling.create_auto_scaling_group(**create)
    with refused("ValidationError", 400):
        scaling.set_desired_capacity(**GROUP, DesiredCapacity=5)
    members(scaling)
    outsiders(scaling, ec2, base, subnets[0])
    settings(scaling)
    hooks(scaling)
    traffic(kit, scaling, ec2)
    scaling.update_auto_scaling_group(**GROUP, MinSize=0, DesiredCapacity=0)
    until("the group is empty", lambda: group(scaling)["Instances"] == [])
    scaling.delete_auto_scaling_group(**GROUP)
    until("the group is gone", lambda: scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["drive"])["AutoScalingGroups"] == [])
    ec2.delete_launch_template(LaunchTemplateName="drive-scaling")


def group(scaling):
    [found] = pages(scaling, "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=["drive"])
    return found


def in_service(scaling, count):
    def look():
        found = [one["InstanceId"] for one in group(scaling)["Instances"] if one["LifecycleState"] == "InService"]
        return found if len(found) == count == len(group(scaling)["Instances"]) else None

    return until(f"{count} instances are in service", look)


def members(scaling):
    [first] = in_service(scaling, 1)
    scaling.set_desired_capacity(**GROUP, DesiredCapacity=2)
    both = in_service(scaling, 2)
    contains(both, first)
    zones = {one["AvailabilityZone"] for one in pages(scaling, "describe_auto_scaling_instances", "AutoScalingInstances", InstanceIds=both)}
    same(len(zones), 2, "zones in use")
    one = dict(**GROUP, InstanceIds=[first])
    scaling.set_instance_protection(**one, ProtectedFromScaleIn=True)
    scaling.set_instance_protection(**one, ProtectedFromScaleIn=False)
    scaling.enter_standby(**one, ShouldDecrementDesiredCapacity=True)
    until("it stands by", lambda: [i for i in group(scaling)["Instances"] if i["LifecycleState"] == "Standby"])
    scaling.exit_standby(**one)
    in_service(scaling, 2)
    scaling.set_instance_health(InstanceId=first, HealthStatus="Unhealthy")
    until("it is replaced", lambda: first not in [one["InstanceId"] for one in group(scaling)["Instances"]])
    [second, *_] = in_service(scaling, 2)
    scaling.terminate_instance_in_auto_scaling_group(InstanceId=second, ShouldDecrementDesiredCapacity=True)
    in_service(scaling, 1)
    causes = [one["Description"] for one in pages(scaling, "describe_scaling_activities", "Activities", **GROUP, PaginationConfig={"PageSize": 2})]
    same(any(text.startswith("Terminating EC2 instance") for text in causes), True, "an activity tells of it")


def outsiders(scaling, ec2, base, subnet):
    launched = ec2.run_instances(ImageId=base, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
    instance = launched["Instances"][0]["InstanceId"]
    wait(ec2, "instance_running", InstanceIds=[instance])
    scaling.attach_instances(**GROUP, InstanceIds=[instance])
    contains(in_service(scaling, 2), instance)
    scaling.detach_instances(**GROUP, InstanceIds=[instance], ShouldDecrementDesiredCapacity=True)
    until("it is on its own", lambda: instance not in [one["InstanceId"] for one in group(scaling)["Instances"]])
    ec2.terminate_instances(InstanceIds=[instance])


def settings(scaling):
    tag = {"ResourceId": "drive", "ResourceType": "auto-scaling-group", "Key": "stage", "Value": "test", "PropagateAtLaunch": True}
    scaling.create_or_update_tags(Tags=[tag])
    where = [{"Name": "auto-scaling-group", "Values": ["drive"]}]
    same([one["Value"] for one in pages(scaling, "describe_tags", "Tags", Filters=where)], ["test"])
    scaling.delete_tags(Tags=[tag])
    contains([one["ProcessName"] for one in scaling.describe_scaling_process_types()["Processes"]], "ReplaceUnhealthy")
    scaling.suspend_processes(**GROUP, ScalingProcesses=["ReplaceUnhealthy"])
    same([one["ProcessName"] for one in group(scaling)["SuspendedProcesses"]], ["ReplaceUnhealthy"])
    scaling.resume_processes(**GROUP)
    tracking = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50.0, "DisableScaleIn": True}
    scaling.put_scaling_policy(**GROUP, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=tracking)
    same([one["PolicyName"] for one in pages(scaling, "describe_policies", "ScalingPolicies", **GROUP)], ["cpu"])
    scaling.delete_policy(**GROUP, PolicyName="cpu")


def hooks(scaling):
    hook = dict(**GROUP, LifecycleHookName="prepare")
    scaling.put_lifecycle_hook(**hook, LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING", HeartbeatTimeout=3600)
    same(scaling.describe_lifecycle_hooks(**GROUP)["LifecycleHooks"][0]["LifecycleHookName"], "prepare")
    scaling.set_desired_capacity(**GROUP, DesiredCapacity=2)
    [held] = until("an instance waits", lambda: [one["InstanceId"] for one in group(scaling)["Instances"] if one["LifecycleState"] == "Pending:Wait"])
    scaling.record_lifecycle_action_heartbeat(**hook, InstanceId=held)
    scaling.complete_lifecycle_action(**hook, InstanceId=held, LifecycleActionResult="CONTINUE")
    in_service(scaling, 2)
    scaling.delete_lifecycle_hook(**hook)


def traffic(kit, scaling, ec2):
    elb = kit.client("elbv2")
    vpc = pages(ec2, "describe_vpcs", "Vpcs")[0]["VpcId"]
    target = lambda name: elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    old, new = target("drive-old"), target("drive-new")
    scaling.attach_load_balancer_target_groups(**GROUP, TargetGroupARNs=[old])
    same([one["LoadBalancerTargetGroupARN"] for one in pages(scaling, "describe_load_balancer_target_groups", "LoadBalancerTargetGroups", **GROUP)], [old])
    until("both are registered", lambda: len(elb.describe_target_health(TargetGroupArn=old)["TargetHealthDescriptions"]) == 2)
    scaling.detach_load_balancer_target_groups(**GROUP, TargetGroupARNs=[old])
    source = [{"Identifier": new, "Type": "elbv2"}]
    scaling.attach_traffic_sources(**GROUP, TrafficSources=source)
    same([one["Identifier"] for one in scaling.describe_traffic_sources(**GROUP, TrafficSourceType="elbv2")["TrafficSources"]][-1], new)
    scaling.detach_traffic_sources(**GROUP, TrafficSources=source)
    until("neither is attached", lambda: scaling.describe_traffic_sources(**GROUP)["TrafficSources"] == [])
    for one in (old, new):
        until("the group is unused", lambda one=one: elb.delete_target_group(TargetGroupArn=one))
