import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { Images } from "../../shared/aws/images.ts";
import { Networks } from "../../shared/aws/networks.ts";
import { parameterNames } from "../../shared/aws/parameters.ts";
import { resolveBase } from "../../shared/base-resolution.ts";
import { keysOfLayer } from "../../shared/domain/keys.ts";
import { namedRule } from "../../shared/domain/listener-rules.ts";
import { ownedBaseName } from "../../shared/domain/names.ts";
import { inOneLine } from "../../shared/domain/problems.ts";
import type { Network } from "../../shared/domain/release.ts";
import { productionPlaces } from "../../shared/domain/rule-places.ts";
import { unexplained } from "../../shared/domain/rule-record.ts";
import { parseServiceSpec, type ServiceSpec } from "../../shared/domain/service-spec.ts";
import { isNamed } from "../../shared/errors.ts";
import { ruleConflict } from "../../shared/rule-judgement.ts";
import { clientConfiguration } from "../aws/connection.ts";
import type { Stage } from "../aws/stage.ts";
import { about, type Check, type Finding } from "./finding.ts";
import { checkInstanceType, checkSecurityGroups, checkSubnets } from "./network-checks.ts";
import { checkVcpus } from "./quota-checks.ts";

/**
 * Whether a usable spec is in force.
 * @param found Called with the spec when there is one: what else a service needs depends on it.
 */
export function specCheck(stage: Stage, service: string, found: (spec: ServiceSpec) => void): Check {
  const subject = "spec";
  const { ok, fail } = about(subject);
  const look = async () => {
    const digest = await stage.parameters.read(parameterNames.spec(stage.name, service));
    if (digest === undefined) {
      return [fail(`no spec of ${service} is in force`, "Apply one: kiln service apply kiln.yaml.")];
    }
    const parsed = parseServiceSpec(await stage.ledger.readSpec(service, digest));
    if ("problems" in parsed) {
      return [fail(`the spec in force breaks its schema: ${inOneLine(parsed.problems)}`, "Apply a valid one.")];
    }
    found(parsed.spec);
    return [ok(`${digest.slice(0, 12)} of ${service} is in force`)];
  };
  return { subject, look };
}

/** What one service needs beside the stack. */
export function serviceChecks(stage: Stage, spec: ServiceSpec): Check[] {
  const configuration = clientConfiguration(stage.connection);
  const ec2 = new EC2Client(configuration);
  const elb = new ElasticLoadBalancingV2Client(configuration);
  const networks = new Networks(elb, ec2);
  let network: Promise<Network | undefined> | undefined;
  const resolved = () => {
    network ??= resolveNetwork(stage, networks, spec);
    return network;
  };
  const inNetwork = (subject: string, look: (found: Network) => Promise<Finding[]>): Check => ({
    subject,
    look: async () => {
      const found = await resolved().catch(() => undefined);
      return found ? look(found) : [about(subject).notChecked("it takes the listener to know which")];
    },
  });
  return [
    { subject: "listener", look: async () => listenerFindings(await resolved(), stage.name) },
    inNetwork("route", (found) => checkRoute(stage, found, spec)),
    inNetwork("subnets", (found) => checkSubnets(ec2, found, spec)),
    inNetwork("security groups", (found) => checkSecurityGroups(ec2, elb, found, spec)),
    inNetwork("instance type", (found) => checkInstanceType(ec2, found, spec)),
    { subject: "base", look: () => checkBase(stage, new Images(ec2), spec) },
    { subject: "refresh", look: () => checkRefresh(stage, spec.service) },
    { subject: "layers", look: () => checkLayers(stage.s3, stage.outputs.ArtifactsBucket, spec.layers) },
    { subject: "vCPU quota", look: () => checkVcpus(new ServiceQuotasClient(configuration), ec2, spec) },
  ];
}

async function resolveNetwork(stage: Stage, networks: Networks, spec: ServiceSpec): Promise<Network | undefined> {
  const listener = spec.listener ?? (await stage.parameters.read(parameterNames.listener(stage.name)));
  return listener === undefined ? undefined : networks.resolve(listener, spec.securityGroups);
}

function listenerFindings(network: Network | undefined, stage: string): Finding[] {
  const { ok, fail } = about("listener");
  if (network) return [ok(`${network.origin}, in ${network.vpcId}`)];
  const fix = `Name one in the spec (listener), or for the whole stage in the parameter ${parameterNames.listener(stage)}.`;
  return [fail("neither the spec nor the stage names a listener", fix)];
}

/** Whether the listener gives the service its requests, and nobody else changed what Kiln wrote there. */
async function checkRoute(stage: Stage, { listenerArn }: Network, spec: ServiceSpec): Promise<Finding[]> {
  const { ok, fail } = about("route");
  const { service, route } = spec;
  const { own, others } = await stage.traffic.standing(listenerArn, service);
  const difference = unexplained(service, (await stage.ledger.head(service)).rule, own, others);
  if (difference !== undefined) return [fail(difference, ruleConflict(difference).fix)];
  const [rule] = own;
  if (rule) return [ok(`${namedRule(rule)} is as Kiln left it`)];
  const places = productionPlaces({ stage: stage.name, service, route, adopt: spec.adopt }, others);
  if ("refusal" in places) return [fail(places.refusal.problem, places.refusal.fix)];
  const before = places.before?.weights.length ? `; until then ${namedRule(places.before)} answers: generation 0` : "";
  return [ok(`a rule of its own fits at priority ${places.production[0]}${before}`)];
}

async function checkBase(stage: Stage, images: Images, spec: ServiceSpec): Promise<Finding[]> {
  const { ok, warn } = about("base");
  const { basePin } = await stage.ledger.head(spec.service);
  const { imageId } = await resolveBase(spec, basePin, stage);
  const copy = await images.find(ownedBaseName(stage.name, imageId));
  if (copy.state === "available") return [ok(`${imageId}, with its own copy ${copy.image?.ImageId}`)];
  await images.base(imageId);
  const fix = "kiln service apply makes it ahead; else the next deploy does, and takes longer.";
  return [warn(`the stage's own copy of ${imageId} is ${copy.state}`, fix)];
}

/** A paused refresh means that the service's base grows old. */
async function checkRefresh(stage: Stage, service: string): Promise<Finding[]> {
  const { ok, warn } = about("refresh");
  const { refresh } = await stage.ledger.head(service);
  if (!refresh?.paused) return [ok(refresh?.failures.length ? `${refresh.failures.length} failed` : "none has failed")];
  const fix = `Mend the cause (kiln releases ${service}), then kiln base refresh ${service} --resume.`;
  return [warn(`paused since ${refresh.paused.at}: ${refresh.paused.why}`, fix)];
}

async function checkLayers(s3: S3Client, bucket: string, layers: readonly string[]): Promise<Finding[]> {
  const { ok, fail } = about("layers");
  if (layers.length === 0) return [ok("the spec names none")];
  return Promise.all(
    layers.map(async (layer) => {
      const keys = keysOfLayer(layer);
      for (const key of keys) if (await exists(s3, bucket, key)) return ok(`${key} is there`);
      return fail(`layer ${layer} was never pushed`, `Push it: kiln push <file> --layer ${layer}.`);
    }),
  );
}

async function exists(s3: S3Client, Bucket: string, Key: string): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket, Key }));
    return true;
  } catch (error) {
    if (isNamed(error, "NotFound", "NoSuchKey")) return false;
    throw error;
  }
}
