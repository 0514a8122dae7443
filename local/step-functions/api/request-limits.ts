import { ownBuckets } from "../../core/request-limits.ts";

const size = (capacity: number, refillPerSecond: number) => ({ capacity, refillPerSecond });

/** Step Functions' limits in us-east-1, for standard workflows. */
export const stepFunctionsRequestLimits = ownBuckets({
  refusal: ["ThrottlingException", 400, "Rate exceeded"],
  source: "Step Functions developer guide, Quotas related to API action throttling",
  buckets: {
    CreateStateMachine: size(100, 1),
    CreateStateMachineAlias: size(100, 1),
    DeleteStateMachine: size(100, 1),
    DeleteStateMachineAlias: size(100, 1),
    DeleteStateMachineVersion: size(100, 1),
    DescribeExecution: size(300, 15),
    DescribeStateMachine: size(200, 20),
    DescribeStateMachineAlias: size(200, 1),
    DescribeStateMachineForExecution: size(200, 1),
    GetExecutionHistory: size(400, 20),
    ListExecutions: size(200, 5),
    ListStateMachineAliases: size(100, 1),
    ListStateMachineVersions: size(100, 1),
    ListStateMachines: size(100, 5),
    ListTagsForResource: size(100, 1),
    PublishStateMachineVersion: size(100, 1),
    RedriveExecution: size(1300, 300),
    SendTaskFailure: size(3000, 500),
    SendTaskHeartbeat: size(3000, 500),
    SendTaskSuccess: size(3000, 500),
    StartExecution: size(1300, 300),
    StopExecution: size(1000, 200),
    TagResource: size(200, 1),
    UntagResource: size(200, 1),
    UpdateStateMachine: size(100, 1),
    UpdateStateMachineAlias: size(100, 1),
    ValidateStateMachineDefinition: size(100, 1),
  },
});
