import type { Findings } from "../validation/diagnostics.ts";
import { sdkServices } from "./sdk-services.ts";

/** `request`: the answer is the result. `token`: someone calls back. `sync`: the nested execution's end is the result. */
export type TaskPattern = "request" | "token" | "sync";

/** What a Task's Resource means. */
export type TaskResource =
  | { kind: "function"; functionArn: string }
  | {
      kind: "optimized" | "sdk";
      /** `lambda`, `states`, `sqs`, `sns`, `events`, or the service's name in the SDK. */
      service: string;
      /** The action as written, for example `invoke` or `describeInstances`. */
      action: string;
      pattern: TaskPattern;
      /** As history events name it: `lambda` or `aws-sdk:ec2`. */
      resourceType: string;
      /** As history events name it, with the suffix: `invoke.waitForTaskToken`. */
      resource: string;
    };

/** The optimised integrations this cloud has, each with the ways it can be waited for. */
const optimized: Readonly<Record<string, readonly string[]>> = {
  "lambda:invoke": ["", "waitForTaskToken"],
  "states:startExecution": ["", "sync", "sync:2", "waitForTaskToken"],
  "sqs:sendMessage": ["", "waitForTaskToken"],
  "sns:publish": ["", "waitForTaskToken"],
  "events:putEvents": ["", "waitForTaskToken"],
};

const functionPattern = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/;
const optimizedPattern =
  /^arn:aws[a-z-]*:states:[a-z0-9-]*:(?:\d{12})?:([a-z0-9-]+):([A-Za-z]+)(?:\.([A-Za-z:0-9]+))?$/;
const sdkPattern =
  /^arn:aws[a-z-]*:states:[a-z0-9-]*:(?:\d{12})?:aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)(?:\.(waitForTaskToken))?$/;

/** Undefined when this cloud has no such integration. */
export function parseResource(arn: string): TaskResource | undefined {
  if (functionPattern.test(arn)) return { kind: "function", functionArn: arn };
  const [, sdkName, sdkAction, sdkSuffix] = sdkPattern.exec(arn) ?? [];
  if (sdkName !== undefined && sdkAction !== undefined) {
    if (!(sdkName in sdkServices)) return undefined;
    return describe("sdk", sdkName, sdkAction, sdkSuffix, `aws-sdk:${sdkName}`);
  }
  const [, service, action, suffix] = optimizedPattern.exec(arn) ?? [];
  if (service === undefined || action === undefined) return undefined;
  if (!optimized[`${service}:${action}`]?.includes(suffix ?? "")) return undefined;
  return describe("optimized", service, action, suffix, service);
}

function describe(
  kind: "optimized" | "sdk",
  service: string,
  action: string,
  suffix: string | undefined,
  resourceType: string,
): TaskResource {
  const pattern = suffix === undefined ? "request" : suffix === "waitForTaskToken" ? "token" : "sync";
  const resource = suffix === undefined ? action : `${action}.${suffix}`;
  return { kind, service, action, pattern, resourceType, resource };
}

/**
 * Services that AWS never lets an execution wait for in this way.
 * Source: Step Functions guide, "Integrating services", and badmintoncryer/cdk-preflight, pf-sfn-asl-resource-arn.
 */
const withoutSync: ReadonlySet<string> = new Set([
  "lambda",
  "sns",
  "sqs",
  "dynamodb",
  "events",
  "apigateway",
  "aws-sdk",
]);
const withoutToken: ReadonlySet<string> = new Set([
  "athena",
  "batch",
  "codebuild",
  "elasticmapreduce",
  "emr-containers",
  "emr-serverless",
  "glue",
  "databrew",
  "mediaconvert",
  "sagemaker",
  "dynamodb",
]);

function cannotWaitSo(arn: string): boolean {
  const [, service = "", pattern] =
    /^arn:[^:]+:states:[^:]*:[^:]*:([^:]+):.*?\.(sync|sync:2|waitForTaskToken)$/.exec(arn) ?? [];
  if (pattern === "sync:2" && service !== "states") return true;
  if (pattern === "waitForTaskToken") return withoutToken.has(service);
  return pattern !== undefined && withoutSync.has(service);
}

/** Reports a Resource AWS would refuse, and one that AWS has and this cloud lacks. */
export function checkResource(arn: string, location: string, findings: Findings): void {
  if (parseResource(arn)) return;
  if (!arn.startsWith("arn:")) findings.schema(location, "Value is not a valid resource ARN");
  else if (/^arn:aws[a-z-]*:states:/.test(arn) && !cannotWaitSo(arn))
    findings.lacks(location, `the integration ${arn}`);
  else {
    findings.schema(
      location,
      `The resource provided ${arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
    );
  }
}
