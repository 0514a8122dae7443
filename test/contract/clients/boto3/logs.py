"""CloudWatch Logs: groups, streams, events, filters."""

import time

from kit import contains, pages, policy, refused, same


def life_cycle(kit):
    logs = kit.client("logs")
    logs.create_log_group(logGroupName="/drive/app", tags={"team": "a"})
    with refused("ResourceAlreadyExistsException"):
        logs.create_log_group(logGroupName="/drive/app")
    logs.put_retention_policy(logGroupName="/drive/app", retentionInDays=7)
    [group] = pages(logs, "describe_log_groups", "logGroups", logGroupNamePrefix="/drive/")
    same(group["retentionInDays"], 7)
    logs.delete_retention_policy(logGroupName="/drive/app")
    arn = group["arn"].removesuffix(":*")
    logs.tag_resource(resourceArn=arn, tags={"stage": "test"})
    logs.untag_resource(resourceArn=arn, tagKeys=["team"])
    same(logs.list_tags_for_resource(resourceArn=arn)["tags"], {"stage": "test"})

    logs.create_log_stream(logGroupName="/drive/app", logStreamName="one")
    logs.create_log_stream(logGroupName="/drive/app", logStreamName="two")
    same(len(pages(logs, "describe_log_streams", "logStreams", logGroupName="/drive/app", PaginationConfig={"PageSize": 1})), 2)
    now = int(time.time() * 1000)
    events = [{"timestamp": now + n, "message": text} for n, text in enumerate(["GET /", "ERROR <boom>", '{"level":"WARN"}'])]
    logs.put_log_events(logGroupName="/drive/app", logStreamName="one", logEvents=events)
    with refused("InvalidParameterException"):
        logs.put_log_events(logGroupName="/drive/app", logStreamName="one", logEvents=list(reversed(events)))
    read = logs.get_log_events(logGroupName="/drive/app", logStreamName="one", startFromHead=True)["events"]
    same([event["message"] for event in read], [event["message"] for event in events])
    found = pages(logs, "filter_log_events", "events", logGroupName="/drive/app", filterPattern="ERROR")
    same([event["message"] for event in found], ["ERROR <boom>"])
    found = pages(logs, "filter_log_events", "events", logGroupName="/drive/app", filterPattern='{ $.level = "WARN" }')
    same(len(found), 1)

    document = policy("logs:PutLogEvents", Principal={"Service": "events.amazonaws.com"})
    logs.put_resource_policy(policyName="drive", policyDocument=document)
    contains([one["policyName"] for one in logs.describe_resource_policies()["resourcePolicies"]], "drive")
    logs.delete_resource_policy(policyName="drive")

    kms, account = kit.client("kms"), kit.client("sts").get_caller_identity()["Account"]
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Allow", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Resource": "*",
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        },
    ]
    import json

    key = kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))["KeyMetadata"]
    logs.associate_kms_key(logGroupName="/drive/app", kmsKeyId=key["Arn"])
    same(logs.describe_log_groups(logGroupNamePrefix="/drive/")["logGroups"][0]["kmsKeyId"], key["Arn"])
    logs.disassociate_kms_key(logGroupName="/drive/app")
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)

    logs.delete_log_stream(logGroupName="/drive/app", logStreamName="two")
    logs.delete_log_group(logGroupName="/drive/app")
    with refused("ResourceNotFoundException"):
        logs.get_log_events(logGroupName="/drive/app", logStreamName="one")
