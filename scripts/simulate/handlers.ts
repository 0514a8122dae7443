import { AsyncLocalStorage } from "node:async_hooks";
import * as admit from "../../functions/admit.ts";
import * as bake from "../../functions/bake.ts";
import * as base from "../../functions/base.ts";
import * as cutover from "../../functions/cutover.ts";
import * as launch from "../../functions/launch.ts";
import * as reap from "../../functions/reap.ts";
import * as settle from "../../functions/settle.ts";
import * as validate from "../../functions/validate.ts";
import type { SdkClient } from "../../local/server/attach-to-client.ts";
import { readConfig } from "../../shared/config.ts";
import { type BaseWorld, type Connect, type FrozenReleases, runStep, type Step } from "../../shared/step.ts";

/** One invocation of a handler: how its SDK clients reach the cloud it runs in, and its clock and secrets. */
export interface HandlerScope {
  send(serviceId: string, command: never): Promise<unknown>;
  now(): number;
  secret(): string;
  releases(): FrozenReleases;
}

/** The names services sign as, by the SDK's client class. */
export const serviceIds: Readonly<Record<string, string>> = {
  AutoScalingClient: "autoscaling",
  CloudWatchClient: "monitoring",
  EBSClient: "ebs",
  EC2Client: "ec2",
  ElasticLoadBalancingV2Client: "elasticloadbalancing",
  KMSClient: "kms",
  LambdaClient: "lambda",
  S3Client: "s3",
  ServiceQuotasClient: "servicequotas",
  SFNClient: "states",
  SSMClient: "ssm",
};

const scopes = new AsyncLocalStorage<HandlerScope>();

function scope(): HandlerScope {
  const found = scopes.getStore();
  if (!found) throw new Error("an SDK client is used outside of a handler");
  return found;
}

/** Making SDK clients is slow, so all simulated clouds share them; each call goes to the cloud whose handler makes it. */
const connect: Connect = (client) => {
  const name = (client as object).constructor.name;
  const serviceId = serviceIds[name];
  if (serviceId === undefined) throw new Error(`the simulation does not know the service of ${name}`);
  const send = (command: never) => scope().send(serviceId, command);
  return Object.assign(client as SdkClient, { send }) as typeof client;
};

/** Answers an event as the Lambda would, inside a scope. */
export type Handler = (event: unknown, variables: Readonly<Record<string, string>>, in_: HandlerScope) => unknown;

function handlerOf<I, W extends BaseWorld, O>(step: Step<I, W, O>): Handler {
  const worlds = new Map<string, W>();
  return (event, variables, in_) => {
    const config = readConfig(variables);
    const key = JSON.stringify(config);
    let world = worlds.get(key);
    if (!world) {
      world = step.world(
        { config, now: () => scope().now(), secret: () => scope().secret(), releases: () => scope().releases() },
        connect,
      );
      worlds.set(key, world);
    }
    const made = world;
    return scopes.run(in_, () => runStep(step, event, made));
  };
}

/** The production handlers by the names the package gives them; the probe function is answered by the scripted traffic. */
export const handlers: Readonly<Record<string, Handler>> = {
  admit: handlerOf(admit.step),
  base: handlerOf(base.step),
  bake: handlerOf(bake.step),
  launch: handlerOf(launch.step),
  validate: handlerOf(validate.step),
  cutover: handlerOf(cutover.step),
  reap: handlerOf(reap.step),
  settle: handlerOf(settle.step),
};
