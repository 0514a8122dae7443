import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { clientConfiguration } from "../aws/connection.ts";
import { stackName } from "../aws/stack-outputs.ts";
import type { Stage } from "../aws/stage.ts";
import { recipeBuilds } from "../explain/recipe-builds.ts";
import { about, type Check, type Finding } from "./finding.ts";

/** What every service of a stage needs: the stack, its key, and that nothing of it has raised its voice. */
export function stackChecks(stage: Stage): Check[] {
  return [
    { subject: "stack", look: () => checkStack(stage) },
    { subject: "key", look: () => checkKey(stage) },
    { subject: "dead letters", look: () => checkDeadLetters(stage) },
    { subject: "alarms", look: () => checkAlarms(stage) },
    { subject: "recipes", look: () => checkRecipes(stage) },
  ];
}

async function checkStack({ connection, name }: Stage) {
  const { ok, warn, fail } = about("stack");
  const client = new CloudFormationClient(clientConfiguration(connection));
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName(name) }));
  const status = Stacks[0]?.StackStatus ?? "missing";
  if (/_COMPLETE$/.test(status) && !/ROLLBACK|DELETE/.test(status)) {
    return [ok(`${stackName(name)} is ${status}, with all its outputs`)];
  }
  if (status === "UPDATE_ROLLBACK_COMPLETE") {
    return [warn(`${stackName(name)} is ${status}`, "Its last update failed; see its events, then deploy it again.")];
  }
  return [fail(`${stackName(name)} is ${status}`, "Wait until it is done, or see its events and deploy it again.")];
}

async function checkKey({ connection, name }: Stage) {
  const { ok, fail } = about("key");
  const KeyId = `alias/kiln-${name}`;
  const client = new KMSClient(clientConfiguration(connection));
  const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }));
  if (KeyMetadata?.KeyState === "Enabled") return [ok(`${KeyId} is enabled`)];
  const fix = "Enable it, or cancel its deletion: without it no image can be used.";
  return [fail(`${KeyId} is ${KeyMetadata?.KeyState ?? "missing"}`, fix)];
}

async function checkDeadLetters({ connection, name }: Stage) {
  const { ok, fail } = about("dead letters");
  const QueueName = `kiln-${name}-trigger-dead-letters`;
  const client = new SQSClient(clientConfiguration(connection));
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }));
  const wanted = ["ApproximateNumberOfMessages"] as const;
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...wanted] }));
  const waiting = Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  if (waiting === 0) return [ok(`${QueueName} is empty`)];
  const fix = "Each is an event that started nothing: start those deploys by hand, then empty the queue.";
  return [fail(`${QueueName} holds ${waiting} events`, fix)];
}

async function checkAlarms({ connection, name }: Stage) {
  const { ok, warn, fail } = about("alarms");
  const client = new CloudWatchClient(clientConfiguration(connection));
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNamePrefix: `kiln-${name}-` }));
  if (MetricAlarms.length === 0) return [warn("the stage has no alarms", "Deploy the stack again.")];
  const raised = MetricAlarms.filter(({ StateValue }) => StateValue === "ALARM");
  if (raised.length === 0) return [ok(`none of ${MetricAlarms.length} is raised`)];
  return raised.map(({ AlarmName, AlarmDescription, StateReason }) =>
    fail(`${AlarmName} is raised: ${StateReason}`, AlarmDescription ?? "See docs/operating.md."),
  );
}

/** What was built of golden recipes; an older build that failed is of no interest once a later one of its recipe is there. */
async function checkRecipes(stage: Stage): Promise<Finding[]> {
  const { ok, warn } = about("recipes");
  const builds = (await recipeBuilds(stage)).filter(({ isInForce }) => isInForce);
  const newest = builds.filter((build, at) => builds.findIndex(({ recipe }) => recipe === build.recipe) === at);
  if (newest.length === 0) return [ok("no golden recipe is in force")];
  return newest.map(({ recipe, phase, imageId, parentImageId, failure }) => {
    const fix = "Mend the recipe and apply it again: kiln base apply <file>. What is live serves on.";
    if (phase === "failed") return warn(`recipe ${recipe} could not be built: ${failure ?? "no reason was kept"}`, fix);
    return ok(`recipe ${recipe} on ${parentImageId}: ${imageId ?? "no image yet"} (${phase})`);
  });
}
