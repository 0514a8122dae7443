"""AWS Systems Manager: Parameter Store, and Run Command on an instance with an agent."""

from kit import contains, pages, refused, same, until


def life_cycle(kit):
    ssm = kit.client("ssm")
    ssm.put_parameter(Name="/drive/a", Value="1", Type="String", Tags=[{"Key": "team", "Value": "a"}])
    with refused("ParameterAlreadyExists"):
        ssm.put_parameter(Name="/drive/a", Value="2", Type="String")
    same(ssm.put_parameter(Name="/drive/a", Value="2", Type="String", Overwrite=True)["Version"], 2)
    ssm.put_parameter(Name="/drive/deep/b", Value="hidden", Type="SecureString")
    same(ssm.get_parameter(Name="/drive/a:1")["Parameter"]["Value"], "1")
    same(ssm.get_parameter(Name="/drive/deep/b", WithDecryption=True)["Parameter"]["Value"], "hidden")
    several = ssm.get_parameters(Names=["/drive/a", "/drive/none"])
    same(([one["Value"] for one in several["Parameters"]], several["InvalidParameters"]), (["2"], ["/drive/none"]))
    everything = dict(Path="/drive", Recursive=True, PaginationConfig={"PageSize": 1})
    same(sorted(one["Name"] for one in pages(ssm, "get_parameters_by_path", "Parameters", **everything)), ["/drive/a", "/drive/deep/b"])
    same([one["Version"] for one in pages(ssm, "get_parameter_history", "Parameters", Name="/drive/a")], [1, 2])
    below = [{"Key": "Name", "Option": "BeginsWith", "Values": ["/drive/"]}]
    same(len(pages(ssm, "describe_parameters", "Parameters", ParameterFilters=below)), 2)

    ssm.label_parameter_version(Name="/drive/a", ParameterVersion=1, Labels=["old"])
    same(ssm.get_parameter(Name="/drive/a:old")["Parameter"]["Value"], "1")
    ssm.unlabel_parameter_version(Name="/drive/a", ParameterVersion=1, Labels=["old"])
    with refused("ParameterVersionNotFound"):
        ssm.get_parameter(Name="/drive/a:old")
    tagged = dict(ResourceType="Parameter", ResourceId="/drive/a")
    ssm.add_tags_to_resource(**tagged, Tags=[{"Key": "stage", "Value": "test"}])
    ssm.remove_tags_from_resource(**tagged, TagKeys=["team"])
    same(ssm.list_tags_for_resource(**tagged)["TagList"], [{"Key": "stage", "Value": "test"}])
    run_command(kit, ssm)
    ssm.delete_parameter(Name="/drive/a")
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name="/drive/a")
    same(ssm.delete_parameters(Names=["/drive/deep/b"])["DeletedParameters"], ["/drive/deep/b"])


def run_command(kit, ssm):
    from kit import trust, wait

    ec2, iam = kit.client("ec2"), kit.client("iam")
    iam.create_role(RoleName="drive-agent", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.attach_role_policy(RoleName="drive-agent", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
    iam.create_instance_profile(InstanceProfileName="drive-agent")
    iam.add_role_to_instance_profile(InstanceProfileName="drive-agent", RoleName="drive-agent")
    image = ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
    launched = ec2.run_instances(
        ImageId=image["Parameter"]["Value"], InstanceType="t3.micro", MinCount=1, MaxCount=1,
        IamInstanceProfile={"Name": "drive-agent"},
    )
    instance = launched["Instances"][0]["InstanceId"]
    wait(ec2, "instance_running", InstanceIds=[instance])
    online = lambda: [one for one in pages(ssm, "describe_instance_information", "InstanceInformationList")
                      if one["InstanceId"] == instance and one["PingStatus"] == "Online"]
    until("the agent is online", online)

    def said(command):
        sent = ssm.send_command(InstanceIds=[instance], DocumentName="AWS-RunShellScript", Parameters={"commands": [command]})
        wanted = dict(CommandId=sent["Command"]["CommandId"], InstanceId=instance)
        return until("the command has ended", lambda: ended(ssm.get_command_invocation(**wanted)))

    def ended(invocation):
        return invocation if invocation["Status"] not in ("Pending", "InProgress", "Delayed") else None

    good = said("echo from the instance")
    same((good["Status"], good["StandardOutputContent"].strip()), ("Success", "from the instance"))
    same(said("exit 3")["ResponseCode"], 3)
    same(len(pages(ssm, "list_commands", "Commands", InstanceId=instance)), 2)
    same(len(pages(ssm, "list_command_invocations", "CommandInvocations", InstanceId=instance)), 2)
    slow = ssm.send_command(InstanceIds=[instance], DocumentName="AWS-RunShellScript", Parameters={"commands": ["sleep 30"]})
    ssm.cancel_command(CommandId=slow["Command"]["CommandId"])
    ec2.terminate_instances(InstanceIds=[instance])
    wait(ec2, "instance_terminated", InstanceIds=[instance])
