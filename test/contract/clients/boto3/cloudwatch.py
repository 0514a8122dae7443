"""Amazon CloudWatch: metrics, metric math, alarms."""

from datetime import datetime, timedelta, timezone

from kit import contains, pages, refused, same, until


def life_cycle(kit):
    cloudwatch = kit.client("cloudwatch")
    now = datetime.now(timezone.utc)
    dimensions = [{"Name": "Service", "Value": "web"}]
    for minutes, value in ((3, 1.0), (2, 3.0)):
        point = {"MetricName": "Errors", "Dimensions": dimensions, "Value": value, "Unit": "Count",
                 "Timestamp": now - timedelta(minutes=minutes)}
        cloudwatch.put_metric_data(Namespace="Drive", MetricData=[point])
    [metric] = pages(cloudwatch, "list_metrics", "Metrics", Namespace="Drive")
    same(metric["Dimensions"], dimensions)
    window = dict(StartTime=now - timedelta(minutes=10), EndTime=now + timedelta(minutes=1))
    points = cloudwatch.get_metric_statistics(
        Namespace="Drive", MetricName="Errors", Dimensions=dimensions, Period=3600, Statistics=["Sum", "Maximum"],
        StartTime=now - timedelta(hours=2), EndTime=now + timedelta(hours=1),
    )["Datapoints"]
    same(sum(point["Sum"] for point in points), 4.0)
    queries = [
        {"Id": "e", "ReturnData": False, "MetricStat": {
            "Metric": {"Namespace": "Drive", "MetricName": "Errors", "Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}},
        {"Id": "double", "Expression": "e * 2"},
    ]
    [result] = pages(cloudwatch, "get_metric_data", "MetricDataResults", MetricDataQueries=queries, **window)
    same(sum(result["Values"]), 8.0)

    alarm = dict(
        AlarmName="drive", Namespace="Drive", MetricName="Errors", Dimensions=dimensions, Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=10.0, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
    )
    cloudwatch.put_metric_alarm(**alarm, Tags=[{"Key": "team", "Value": "a"}])
    [described] = pages(cloudwatch, "describe_alarms", "MetricAlarms", AlarmNames=["drive"])
    arn = described["AlarmArn"]
    same(len(cloudwatch.describe_alarms_for_metric(Namespace="Drive", MetricName="Errors", Dimensions=dimensions)["MetricAlarms"]), 1)
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "test"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
    same(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "stage", "Value": "test"}])
    cloudwatch.disable_alarm_actions(AlarmNames=["drive"])
    same(cloudwatch.describe_alarms(AlarmNames=["drive"])["MetricAlarms"][0]["ActionsEnabled"], False)
    cloudwatch.enable_alarm_actions(AlarmNames=["drive"])
    cloudwatch.set_alarm_state(AlarmName="drive", StateValue="ALARM", StateReason="to see it red")
    history = until("the change is in the history", lambda: [
        item for item in pages(cloudwatch, "describe_alarm_history", "AlarmHistoryItems", AlarmName="drive",
                               HistoryItemType="StateUpdate") if "ALARM" in item["HistorySummary"]])
    contains(history[0]["AlarmName"], "drive")
    with refused("ResourceNotFound", 404):
        cloudwatch.set_alarm_state(AlarmName="nowhere", StateValue="OK", StateReason="x")
    cloudwatch.delete_alarms(AlarmNames=["drive"])
    same(cloudwatch.describe_alarms(AlarmNames=["drive"])["MetricAlarms"], [])
