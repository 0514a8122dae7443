"""Amazon EC2: network, templates, an instance's life, its volume, images and snapshots."""

import base64

from kit import contains, pages, refused, same, until, wait

TAGS = [{"Key": "stage", "Value": "test"}]
BASE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


def tagged(kind):
    return [{"ResourceType": kind, "Tags": TAGS}]


def life_cycle(kit):
    ec2 = kit.client("ec2")
    base = kit.client("ssm").get_parameter(Name=BASE)["Parameter"]["Value"]
    account(ec2)
    group = network(ec2)
    template = templates(ec2, base, group)
    instance = instances(ec2, template)
    volumes(ec2, instance)
    images(ec2, instance, base)
    ec2.terminate_instances(InstanceIds=[instance])
    wait(ec2, "instance_terminated", InstanceIds=[instance])
    ec2.delete_launch_template(LaunchTemplateId=template)
    ec2.delete_security_group(GroupId=group)
    with refused("InvalidGroup.NotFound", 400):
        ec2.describe_security_groups(GroupIds=[group])


def account(ec2):
    same(len(ec2.describe_availability_zones()["AvailabilityZones"]) >= 2, True, "more than one zone")
    contains([region["RegionName"] for region in ec2.describe_regions()["Regions"]], "us-east-1")
    contains([one["AttributeName"] for one in ec2.describe_account_attributes()["AccountAttributes"]], "default-vpc")
    [offered] = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"]
    same(offered["MemoryInfo"]["SizeInMiB"], 1024)
    where = [{"Name": "instance-type", "Values": ["t3.micro"]}]
    zones = pages(ec2, "describe_instance_type_offerings", "InstanceTypeOfferings", LocationType="availability-zone", Filters=where)
    same(len(zones) >= 2, True, "offered in more than one zone")
    same(ec2.describe_key_pairs()["KeyPairs"], [])
    ec2.enable_ebs_encryption_by_default()
    same(ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"], True)
    contains(ec2.get_ebs_default_kms_key_id()["KmsKeyId"], "alias/aws/ebs")
    ec2.disable_ebs_encryption_by_default()


def network(ec2):
    [vpc] = pages(ec2, "describe_vpcs", "Vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    same(len(pages(ec2, "describe_subnets", "Subnets", Filters=inside)) >= 2, True, "more than one subnet")
    same(len(pages(ec2, "describe_route_tables", "RouteTables", Filters=inside)), 1)
    same(len(pages(ec2, "describe_internet_gateways", "InternetGateways")), 1)
    group = ec2.create_security_group(GroupName="drive", Description="driven", VpcId=vpc["VpcId"])["GroupId"]
    with refused("InvalidGroup.Duplicate", 400):
        ec2.create_security_group(GroupName="drive", Description="driven", VpcId=vpc["VpcId"])
    http = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    until("the group can be used", lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=http))
    with refused("InvalidPermission.Duplicate", 400):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=http)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=http)
    [described] = pages(ec2, "describe_security_groups", "SecurityGroups", GroupIds=[group])
    same(described["IpPermissions"][0]["FromPort"], 80)
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=http)
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=http)
    return group


def templates(ec2, base, group):
    script = base64.b64encode(b"#!/bin/sh\necho started by user data\n").decode()
    data = {"ImageId": base, "InstanceType": "t3.micro", "SecurityGroupIds": [group], "UserData": script}
    made = ec2.create_launch_template(LaunchTemplateName="drive", LaunchTemplateData=data, TagSpecifications=tagged("launch-template"))
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    with refused("InvalidLaunchTemplateName.AlreadyExistsException", 400):
        ec2.create_launch_template(LaunchTemplateName="drive", LaunchTemplateData=data)
    until("the template can be read", lambda: ec2.describe_launch_templates(LaunchTemplateIds=[template]))
    change = {"InstanceType": "t3.small"}
    ec2.create_launch_template_version(LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData=change)
    versions = pages(ec2, "describe_launch_template_versions", "LaunchTemplateVersions", LaunchTemplateId=template)
    same(sorted((one["VersionNumber"], one["LaunchTemplateData"]["InstanceType"]) for one in versions), [(1, "t3.micro"), (2, "t3.small")])
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
    same(pages(ec2, "describe_launch_templates", "LaunchTemplates")[0]["DefaultVersionNumber"], 2)
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="1")
    deleted = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["2"])
    same(len(deleted["SuccessfullyDeletedLaunchTemplateVersions"]), 1)
    return template


def instances(ec2, template):
    request = dict(LaunchTemplate={"LaunchTemplateId": template, "Version": "1"}, MinCount=1, MaxCount=1, ClientToken="drive-1")
    [instance] = [one["InstanceId"] for one in ec2.run_instances(**request, TagSpecifications=tagged("instance"))["Instances"]]
    same(ec2.run_instances(**request, TagSpecifications=tagged("instance"))["Instances"][0]["InstanceId"], instance, "instance of the same token")
    with refused("IdempotentParameterMismatch", 400):
        ec2.run_instances(**{**request, "MaxCount": 2})
    ids = [instance]
    wait(ec2, "instance_exists", InstanceIds=ids)
    wait(ec2, "instance_running", InstanceIds=ids)
    wait(ec2, "instance_status_ok", InstanceIds=ids)
    same(pages(ec2, "describe_instance_status", "InstanceStatuses", InstanceIds=ids)[0]["InstanceState"]["Name"], "running")
    by_tag = [{"Name": "tag:stage", "Values": ["te*"]}]
    [reservation] = pages(ec2, "describe_instances", "Reservations", Filters=by_tag)
    same(reservation["Instances"][0]["InstanceType"], "t3.micro")
    same(len(pages(ec2, "describe_network_interfaces", "NetworkInterfaces", Filters=[{"Name": "attachment.instance-id", "Values": ids}])), 1)
    said = lambda: ec2.get_console_output(InstanceId=instance, Latest=True).get("Output", "")
    until("user data ran", lambda: "started by user data" in said())
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpTokens="required")
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    same(ec2.describe_instance_attribute(InstanceId=instance, Attribute="disableApiTermination")["DisableApiTermination"]["Value"], True)
    with refused("OperationNotPermitted", 400):
        ec2.terminate_instances(InstanceIds=ids)
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    ec2.reboot_instances(InstanceIds=ids)
    ec2.stop_instances(InstanceIds=ids)
    wait(ec2, "instance_stopped", InstanceIds=ids)
    ec2.start_instances(InstanceIds=ids)
    wait(ec2, "instance_running", InstanceIds=ids)
    ec2.create_tags(Resources=ids, Tags=[{"Key": "team", "Value": "a"}])
    ec2.delete_tags(Resources=ids, Tags=[{"Key": "team"}])
    found = pages(ec2, "describe_tags", "Tags", Filters=[{"Name": "resource-id", "Values": ids}])
    same([(tag["Key"], tag["Value"]) for tag in found if not tag["Key"].startswith("aws:")], [("stage", "test")])
    with refused("InvalidInstanceID.NotFound", 400):
        ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])
    return instance


def volumes(ec2, instance):
    placed = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["Placement"]["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=placed, Size=1, VolumeType="gp3", TagSpecifications=tagged("volume"))["VolumeId"]
    ids = dict(VolumeIds=[volume])
    wait(ec2, "volume_available", **ids)
    ec2.stop_instances(InstanceIds=[instance])
    wait(ec2, "instance_stopped", InstanceIds=[instance])
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    wait(ec2, "volume_in_use", **ids)
    with refused("VolumeInUse", 400):
        ec2.delete_volume(VolumeId=volume)
    ec2.detach_volume(VolumeId=volume)
    wait(ec2, "volume_available", **ids)
    snapshot = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tagged("snapshot"))["SnapshotId"]
    wait(ec2, "snapshot_completed", SnapshotIds=[snapshot])
    copy = ec2.copy_snapshot(SourceSnapshotId=snapshot, SourceRegion="us-east-1", Encrypted=True)["SnapshotId"]
    wait(ec2, "snapshot_completed", SnapshotIds=[copy])
    same(len(pages(ec2, "describe_snapshots", "Snapshots", OwnerIds=["self"], PaginationConfig={"PageSize": 5})) >= 2, True, "both snapshots")
    ec2.delete_volume(VolumeId=volume)
    wait(ec2, "volume_deleted", **ids)
    same([one["VolumeId"] for one in pages(ec2, "describe_volumes", "Volumes", Filters=[{"Name": "tag:stage", "Values": ["test"]}])], [])
    for one in (snapshot, copy):
        ec2.delete_snapshot(SnapshotId=one)


def images(ec2, instance, base):
    made = ec2.create_image(InstanceId=instance, Name="drive-made", TagSpecifications=tagged("image"))["ImageId"]
    copied = ec2.copy_image(SourceImageId=base, SourceRegion="us-east-1", Name="drive-copied", Encrypted=True)["ImageId"]
    for image in (made, copied):
        wait(ec2, "image_exists", ImageIds=[image])
        wait(ec2, "image_available", ImageIds=[image])
    [described] = ec2.describe_images(ImageIds=[copied])["Images"]
    root = described["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    with refused("InvalidSnapshot.InUse", 400):
        ec2.delete_snapshot(SnapshotId=root)
    mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": root, "DeleteOnTermination": True}}]
    request = dict(RootDeviceName="/dev/xvda", Architecture="x86_64", VirtualizationType="hvm", BlockDeviceMappings=mapping)
    registered = ec2.register_image(Name="drive-registered", **request)["ImageId"]
    with refused("InvalidAMIName.Duplicate", 400):
        ec2.register_image(Name="drive-registered", **request)
    wait(ec2, "image_available", ImageIds=[registered])
    same(len(pages(ec2, "describe_images", "Images", Owners=["self"])), 3)
    ec2.modify_image_attribute(ImageId=registered, Description={"Value": "driven"})
    same(ec2.describe_image_attribute(ImageId=registered, Attribute="description")["Description"]["Value"], "driven")
    ec2.enable_image_deprecation(ImageId=registered, DeprecateAt="2030-01-01T00:00:00Z")
    ec2.disable_image_deprecation(ImageId=registered)
    ec2.enable_image_deregistration_protection(ImageId=registered)
    with refused("OperationNotPermitted", 400):
        ec2.deregister_image(ImageId=registered)
    ec2.disable_image_deregistration_protection(ImageId=registered)
    ec2.disable_image(ImageId=registered)
    ec2.enable_image(ImageId=registered)
    for image in (registered, made, copied):
        ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    same(ec2.describe_images(Owners=["self"])["Images"], [])
