import { ownBuckets, perSecond } from "../core/request-limits.ts";

/** CloudWatch's limits, of the operations this cloud has. */
export const cloudWatchRequestLimits = ownBuckets({
  refusal: ["Throttling", 400, "Rate exceeded"],
  source: "AWS General Reference, Amazon CloudWatch endpoints and quotas",
  buckets: {
    DescribeAlarmHistory: perSecond(20),
    DescribeAlarms: perSecond(9),
    DescribeAlarmsForMetric: perSecond(9),
    DisableAlarmActions: perSecond(3),
    EnableAlarmActions: perSecond(3),
    GetMetricData: perSecond(500),
    GetMetricStatistics: perSecond(400),
    ListMetrics: perSecond(25),
    ListTagsForResource: perSecond(10),
    PutMetricAlarm: perSecond(3),
    PutMetricData: perSecond(500),
    SetAlarmState: perSecond(3),
    TagResource: perSecond(20),
    UntagResource: perSecond(20),
  },
});
