"""Amazon EventBridge Scheduler: schedules in groups, one that fires and deletes itself."""

from datetime import timedelta, timezone

from kit import pages, policy, refused, same, trust, until


def life_cycle(kit):
    scheduler, sqs, iam = kit.client("scheduler"), kit.client("sqs"), kit.client("iam")
    url = sqs.create_queue(QueueName="drive-schedule")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    role = iam.create_role(RoleName="drive-scheduler", AssumeRolePolicyDocument=trust("scheduler.amazonaws.com"))["Role"]["Arn"]
    iam.put_role_policy(RoleName="drive-scheduler", PolicyName="send", PolicyDocument=policy("sqs:SendMessage", queue))
    target = {"Arn": queue, "RoleArn": role, "Input": '{"tick": true}'}
    off = {"Mode": "OFF"}

    group = scheduler.create_schedule_group(Name="drive", Tags=[{"Key": "team", "Value": "a"}])["ScheduleGroupArn"]
    same(scheduler.get_schedule_group(Name="drive")["State"], "ACTIVE")
    same(sorted(one["Name"] for one in pages(scheduler, "list_schedule_groups", "ScheduleGroups")), ["default", "drive"])
    scheduler.tag_resource(ResourceArn=group, Tags=[{"Key": "stage", "Value": "test"}])
    scheduler.untag_resource(ResourceArn=group, TagKeys=["team"])
    same(scheduler.list_tags_for_resource(ResourceArn=group)["Tags"], [{"Key": "stage", "Value": "test"}])

    nightly = dict(Name="nightly", GroupName="drive", FlexibleTimeWindow=off, Target=target)
    scheduler.create_schedule(**nightly, ScheduleExpression="cron(0 3 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
    with refused("ConflictException", 409):
        scheduler.create_schedule(**nightly, ScheduleExpression="rate(1 hour)")
    scheduler.update_schedule(**nightly, ScheduleExpression="rate(1 day)", State="DISABLED")
    same(scheduler.get_schedule(Name="nightly", GroupName="drive")["State"], "DISABLED")
    with refused("ValidationException", 400):
        scheduler.create_schedule(**{**nightly, "Name": "broken"}, ScheduleExpression="whenever")

    # The cloud's own time: it may run ahead of this machine's.
    scheduler.create_schedule_group(Name="drive-clock")
    now = scheduler.get_schedule_group(Name="drive-clock")["CreationDate"]
    scheduler.delete_schedule_group(Name="drive-clock")
    soon = (now.astimezone(timezone.utc) + timedelta(seconds=90)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    scheduler.create_schedule(Name="once", FlexibleTimeWindow=off, Target=target, ScheduleExpression=soon, ActionAfterCompletion="DELETE")
    same(sorted(one["Name"] for one in pages(scheduler, "list_schedules", "Schedules")), ["nightly", "once"])
    fired = until("the schedule has fired", lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    same(fired[0]["Body"], '{"tick": true}')
    until("the schedule has deleted itself", lambda: len(pages(scheduler, "list_schedules", "Schedules")) == 1)
    scheduler.delete_schedule(Name="nightly", GroupName="drive")
    with refused("ResourceNotFoundException", 404):
        scheduler.get_schedule(Name="nightly", GroupName="drive")
    scheduler.delete_schedule_group(Name="drive")
    sqs.delete_queue(QueueUrl=url)
    iam.delete_role_policy(RoleName="drive-scheduler", PolicyName="send")
    iam.delete_role(RoleName="drive-scheduler")
