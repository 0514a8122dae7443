import { setTimeout as delay } from "node:timers/promises";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { Networks } from "../shared/aws/networks.ts";
import { parameterNames } from "../shared/aws/parameters.ts";
import type { Release } from "../shared/domain/release.ts";
import type { StepOutput } from "../shared/step-input.ts";
import { clientConfiguration } from "./aws/connection.ts";
import type { Stage } from "./aws/stage.ts";
import { CommandFailure } from "./failure.ts";
import type { Output } from "./output.ts";

/** Real time a base may take. Unit: milliseconds. A copy takes AWS some minutes, a recipe as long as it says and twice that. */
const patienceMs = 3 * 3_600_000;

/** A copy takes a minute or more, and each look is an invocation. */
const pollFactor = 3;

/**
 * Waits until the image that releases on this base are made on is there, and has it made when it is not.
 * @param listener Of the service; a recipe is built in its network. Left out, the stage's.
 */
export async function makeBaseReady(
  stage: Stage,
  base: Release["base"],
  listener: string | undefined,
  output: Output,
): Promise<void> {
  const { golden, imageId } = base;
  const request = golden
    ? { golden, parentImageId: imageId, network: await networkOf(stage, listener) }
    : { baseImageId: imageId };
  const giveUpAt = performance.now() + patienceMs;
  let memo: Record<string, unknown> = {};
  while (performance.now() < giveUpAt) {
    const answer = await stage.functions.ask<StepOutput>(stage.outputs.BaseFunction, { ...request, memo });
    if (answer.status === "ready") return output.progress(`ready    base ${golden ? base.name : imageId}`);
    memo = answer.memo;
    output.transient(golden ? `building ${base.name} on ${imageId}` : `copying base ${imageId}`);
    await delay(stage.pollMs * pollFactor);
  }
  throw new CommandFailure({
    name: "BaseNotReady",
    what: `Base ${base.name} (${imageId}) was not ready after ${patienceMs / 60_000} minutes.`,
    left: "What was applied is in force; the first deploy goes on waiting for its base.",
    fix: "Look at the image in the EC2 console, then apply it again.",
  });
}

/** Where builder and throw-away instance stand: among the servers of the listener's load balancer. */
async function networkOf(stage: Stage, listener: string | undefined) {
  const arn = listener ?? (await stage.parameters.read(parameterNames.listener(stage.name)));
  if (arn === undefined) {
    throw new CommandFailure({
      name: "NetworkError",
      what: `Stage ${stage.name} has no listener, so nothing says in which network a builder is to stand.`,
      left: "What was applied is in force; the first deploy builds the image in its service's network.",
      fix: `Store a listener's ARN in the parameter ${parameterNames.listener(stage.name)}, then apply it again.`,
    });
  }
  const configuration = clientConfiguration(stage.connection);
  const networks = new Networks(new ElasticLoadBalancingV2Client(configuration), new EC2Client(configuration));
  const { vpcId, subnetIds } = await networks.resolve(arn, []);
  return { vpcId, subnetIds };
}
