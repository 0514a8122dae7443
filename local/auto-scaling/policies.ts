import type {
  DeletePolicyCommandInput,
  DescribePoliciesCommandInput,
  DescribePoliciesCommandOutput,
  PutScalingPolicyCommandInput,
  PutScalingPolicyCommandOutput,
  ScalingPolicy,
  TargetTrackingConfiguration,
} from "@aws-sdk/client-auto-scaling";
import type { Kernel, Operation } from "../core/kernel.ts";
import type { PolicyDocument } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";
import { page } from "./paging.ts";
import type { AutoScalingPermissions } from "./permissions.ts";
import type { AutoScalingState } from "./state.ts";

const predefinedTypes = [
  "ASGAverageCPUUtilization",
  "ASGAverageNetworkIn",
  "ASGAverageNetworkOut",
  "ALBRequestCountPerTarget",
];

/** Target tracking policies. Unlike on AWS their alarms are internal: none appears in CloudWatch, and `Alarms` is empty. */
export function policyOperations(
  kernel: Kernel,
  state: AutoScalingState,
  permissions: AutoScalingPermissions,
): Record<string, Operation> {
  return {
    PutScalingPolicy: {
      permissions: (input: PutScalingPolicyCommandInput) => [
        permissions.on("PutScalingPolicy", input.AutoScalingGroupName),
      ],
      run: (input: PutScalingPolicyCommandInput): Omit<PutScalingPolicyCommandOutput, "$metadata"> => {
        const policy = accepted(kernel, state, input);
        state.putPolicy(policy);
        return { PolicyARN: policy.arn, Alarms: [] };
      },
    },
    DescribePolicies: { run: (input: DescribePoliciesCommandInput) => describe(state, input) },
    DeletePolicy: {
      permissions: (input: DeletePolicyCommandInput) => [permissions.on("DeletePolicy", groupOf(state, input))],
      run: (input: DeletePolicyCommandInput) => {
        const policy = find(state, input);
        if (!policy) throw invalid(`No scaling policy found with name ${input.PolicyName}`);
        state.deletePolicy(policy);
        return {};
      },
    },
  };
}

function accepted(kernel: Kernel, state: AutoScalingState, input: PutScalingPolicyCommandInput): PolicyDocument {
  const { name: group } = state.group(input.AutoScalingGroupName);
  const { PolicyName: name = "", PolicyType = "SimpleScaling", TargetTrackingConfiguration: configuration } = input;
  if (PolicyType !== "TargetTrackingScaling") throw unsupported(`scaling policies of type ${PolicyType}`);
  if (!configuration)
    throw invalid("TargetTrackingConfiguration is required for policies of type TargetTrackingScaling");
  refuseBad(configuration);
  const before = state.policiesOf(group).find((policy) => policy.name === name);
  const id = kernel.random.uuid();
  return {
    name,
    arn:
      before?.arn ?? kernel.arn("autoscaling", `scalingPolicy:${id}:autoScalingGroupName/${group}:policyName/${name}`),
    group,
    configuration,
    warmupSeconds: input.EstimatedInstanceWarmup,
    enabled: input.Enabled ?? true,
  };
}

function refuseBad({
  PredefinedMetricSpecification: predefined,
  CustomizedMetricSpecification: own,
  TargetValue,
}: TargetTrackingConfiguration): void {
  if ((predefined === undefined) === (own === undefined)) {
    throw invalid("You must specify either a predefined or a customized metric");
  }
  if (TargetValue === undefined || TargetValue <= 0) throw invalid("TargetValue must be greater than 0");
  if (own?.Metrics?.length) throw unsupported("metric math in target tracking (Metrics)");
  if (own && (!own.MetricName || !own.Namespace || !own.Statistic))
    throw invalid("A customized metric needs a name, a namespace and a statistic");
  if (!predefined) return;
  if (!predefinedTypes.includes(predefined.PredefinedMetricType ?? "")) {
    throw invalid(`Predefined metric type ${predefined.PredefinedMetricType} is not valid`);
  }
  const perTarget = predefined.PredefinedMetricType === "ALBRequestCountPerTarget";
  if (perTarget && !/^app\/[^/]+\/[^/]+\/targetgroup\/[^/]+\/[^/]+$/.test(predefined.ResourceLabel ?? "")) {
    throw invalid(
      "ResourceLabel must have the form app/<load balancer name>/<id>/targetgroup/<target group name>/<id>",
    );
  }
}

function describe(
  state: AutoScalingState,
  input: DescribePoliciesCommandInput,
): Omit<DescribePoliciesCommandOutput, "$metadata"> {
  const { AutoScalingGroupName: group, PolicyNames: names, PolicyTypes: types } = input;
  const all = group === undefined ? state.allPolicies() : state.policiesOf(state.group(group).name);
  const found = all
    .filter(({ name, arn }) => !names?.length || names.includes(name) || names.includes(arn))
    .filter(() => !types?.length || types.includes("TargetTrackingScaling"));
  const { items, NextToken } = page(found, input);
  return { ScalingPolicies: items.map(asApi), NextToken };
}

/** A policy is named by its ARN, or by its name and its group's. */
function find(
  state: AutoScalingState,
  { PolicyName = "", AutoScalingGroupName }: DeletePolicyCommandInput,
): Readonly<PolicyDocument> | undefined {
  return state
    .allPolicies()
    .find(({ name, arn, group }) => arn === PolicyName || (name === PolicyName && group === AutoScalingGroupName));
}

function groupOf(state: AutoScalingState, input: DeletePolicyCommandInput): string | undefined {
  return input.AutoScalingGroupName ?? find(state, input)?.group;
}

function asApi(policy: Readonly<PolicyDocument>): ScalingPolicy {
  return {
    AutoScalingGroupName: policy.group,
    PolicyName: policy.name,
    PolicyARN: policy.arn,
    PolicyType: "TargetTrackingScaling",
    StepAdjustments: [],
    EstimatedInstanceWarmup: policy.warmupSeconds,
    Alarms: [],
    TargetTrackingConfiguration: policy.configuration,
    Enabled: policy.enabled,
  };
}
