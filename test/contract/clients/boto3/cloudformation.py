"""AWS CloudFormation: a stack made, changed, refused and deleted."""

import json

from kit import contains, pages, refused, same, wait


def template(*queues):
    resources = {name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}} for name in queues}
    outputs = {"First": {"Value": {"Fn::GetAtt": [queues[0], "Arn"]}}}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, "Outputs": outputs})


def life_cycle(kit):
    stacks = kit.client("cloudformation")
    same(stacks.validate_template(TemplateBody=template("One"))["Parameters"], [])
    with refused("ValidationError", 400):
        stacks.validate_template(TemplateBody='{"Resources": {}}')
    name = dict(StackName="drive")
    stacks.create_stack(**name, TemplateBody=template("One"), Tags=[{"Key": "stage", "Value": "test"}])
    wait(stacks, "stack_create_complete", **name)
    with refused("AlreadyExistsException", 400):
        stacks.create_stack(**name, TemplateBody=template("One"))
    [described] = pages(stacks, "describe_stacks", "Stacks", **name)
    contains(described["Outputs"][0]["OutputValue"], ":drive-One")
    with refused("ValidationError", 400, saying="No updates are to be performed"):
        stacks.update_stack(**name, TemplateBody=template("One"))
    stacks.update_stack(**name, TemplateBody=template("One", "Two"))
    wait(stacks, "stack_update_complete", **name)
    same(sorted(one["LogicalResourceId"] for one in pages(stacks, "list_stack_resources", "StackResourceSummaries", **name)), ["One", "Two"])
    same(len(stacks.describe_stack_resources(**name)["StackResources"]), 2)
    same(stacks.describe_stack_resource(**name, LogicalResourceId="Two")["StackResourceDetail"]["ResourceStatus"], "CREATE_COMPLETE")
    contains([one["ResourceStatus"] for one in pages(stacks, "describe_stack_events", "StackEvents", **name)], "UPDATE_COMPLETE")
    contains(json.dumps(stacks.get_template(**name)["TemplateBody"]), "AWS::SQS::Queue")
    same([one["StackName"] for one in pages(stacks, "list_stacks", "StackSummaries", StackStatusFilter=["UPDATE_COMPLETE"])], ["drive"])
    stacks.delete_stack(**name)
    wait(stacks, "stack_delete_complete", **name)
    with refused("ValidationError", 400, saying="does not exist"):
        stacks.describe_stacks(**name)
