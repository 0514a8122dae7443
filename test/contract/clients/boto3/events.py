"""Amazon EventBridge: rules, targets, patterns, delivery to a queue."""

import json

from kit import contains, pages, refused, same, until


def life_cycle(kit):
    events, sqs = kit.client("events"), kit.client("sqs")
    same(events.describe_event_bus()["Name"], "default")
    contains([bus["Name"] for bus in events.list_event_buses()["EventBuses"]], "default")
    pattern = json.dumps({"source": ["drive"], "detail": {"size": [{"numeric": [">", 5]}]}})
    arn = events.put_rule(Name="drive", EventPattern=pattern, Tags=[{"Key": "team", "Value": "a"}])["RuleArn"]
    same(events.describe_rule(Name="drive")["State"], "ENABLED")
    with refused("InvalidEventPatternException"):
        events.put_rule(Name="broken", EventPattern='{"source": "not a list"}')
    sample = dict(id="1", account="123456789012", region="us-east-1", time="2026-01-01T00:00:00Z", resources=[])
    event = {**sample, "source": "drive", "detail-type": "test", "detail": {"size": 6}}
    same(events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"], True)

    url = sqs.create_queue(QueueName="drive-events")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": arn}},
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})
    transformer = {"InputPathsMap": {"size": "$.detail.size"}, "InputTemplate": '{"measured": <size>}'}
    events.put_targets(Rule="drive", Targets=[{"Id": "queue", "Arn": queue, "InputTransformer": transformer}])
    same([one["Id"] for one in pages(events, "list_targets_by_rule", "Targets", Rule="drive")], ["queue"])
    same(events.list_rule_names_by_target(TargetArn=queue)["RuleNames"], ["drive"])
    same([rule["Name"] for rule in pages(events, "list_rules", "Rules", NamePrefix="drive")], ["drive"])

    events.disable_rule(Name="drive")
    same(events.describe_rule(Name="drive")["State"], "DISABLED")
    events.enable_rule(Name="drive")
    entry = lambda size: {"Source": "drive", "DetailType": "test", "Detail": json.dumps({"size": size})}
    same(events.put_events(Entries=[entry(1), entry(7)])["FailedEntryCount"], 0)
    delivered = until("the event is in the queue", lambda: sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"))
    same([json.loads(message["Body"]) for message in delivered], [{"measured": 7}])

    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "test"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["team"])
    same(events.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "stage", "Value": "test"}])
    with refused("ValidationException"):
        events.delete_rule(Name="drive")
    events.remove_targets(Rule="drive", Ids=["queue"])
    events.delete_rule(Name="drive")
    with refused("ResourceNotFoundException"):
        events.describe_rule(Name="drive")
    sqs.delete_queue(QueueUrl=url)
