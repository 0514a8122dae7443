import { SFNClient } from "@aws-sdk/client-sfn";
import { z } from "zod";
import { Runs } from "../../cli/aws/runs.ts";
import { stopDeploy, stopDrill } from "../../cli/commands/abort.ts";
import { approve, reject } from "../../cli/commands/approval.ts";
import { pinBase, unpinBase } from "../../cli/commands/base-pin.ts";
import { pinRelease, unpinRelease } from "../../cli/commands/releases-pin.ts";
import { revoke, undoRevocation } from "../../cli/commands/revoke.ts";
import { CommandFailure } from "../../cli/failure.ts";
import type { Random } from "../../local/core/random.ts";
import { publicBases } from "../../local/ec2/public-bases.ts";
import { attachToClient } from "../../local/server/attach-to-client.ts";
import { SsmService } from "../../local/ssm/service.ts";
import { Executions } from "../../shared/aws/executions.ts";
import { keptGenerations } from "../../shared/domain/head.ts";
import type { Revocable } from "../../shared/domain/revocation.ts";
import { knownBases } from "../../shared/domain/service-spec.ts";
import { noteRevoked } from "./promises/revoked.ts";
import { type Service, type SimulatedStage, services, stageName } from "./simulated-stage.ts";
import { applyFlavour, drawnFlavour, type Flavour, flavourNames, setAlarm } from "./worlds.ts";

/** Chooses among what there is when the deed is done, from 0 to 1. */
type Which = number;

/** What people who run a stage do beside pushing, by the commands that `kiln` has for it. */
export type OperatorDeed =
  /** `kiln service apply`. */
  | { do: "apply"; service: Service; flavour: Flavour }
  /** `kiln approve` or `kiln reject`, as soon as somebody is asked; a person who was not asked in time does nothing. */
  | { do: "answer"; service: Service; approved: boolean }
  /** `kiln abort`. */
  | { do: "abort"; service: Service }
  /** The distribution publishes another base image; what is deployed from now on stands on it. */
  | { do: "publish-base"; which: Which }
  /** `kiln base pin`, and `--off`. */
  | { do: "pin-base" | "unpin-base"; service: Service }
  /** `kiln releases pin` and `unpin`. */
  | { do: "pin-release" | "unpin-release"; service: Service; which: Which }
  /** `kiln revoke`, of what some release is made of. */
  | { do: "revoke"; service: Service; kind: Exclude<Revocable, "layer">; which: Which }
  /** `kiln revoke --undo`. */
  | { do: "undo-revocation"; which: Which }
  /** The alarm that `watched` services name turns red. */
  | { do: "alarm"; seconds: number };

const service = z.enum(services);
const which = z.number().min(0).max(1);

/** How such deeds are written down in a plan; `at` is what every happening has. */
export function operatorHappenings<S extends z.ZodRawShape>(at: S) {
  return [
    z.strictObject({ ...at, do: z.literal("apply"), service, flavour: z.enum(flavourNames) }),
    z.strictObject({ ...at, do: z.literal("answer"), service, approved: z.boolean() }),
    z.strictObject({ ...at, do: z.literal("abort"), service }),
    z.strictObject({ ...at, do: z.literal("publish-base"), which }),
    z.strictObject({ ...at, do: z.enum(["pin-base", "unpin-base"]), service }),
    z.strictObject({ ...at, do: z.enum(["pin-release", "unpin-release"]), service, which }),
    z.strictObject({ ...at, do: z.literal("revoke"), service, kind: z.enum(["base", "artifact", "release"]), which }),
    z.strictObject({ ...at, do: z.literal("undo-revocation"), which }),
    z.strictObject({ ...at, do: z.literal("alarm"), seconds: z.number().min(1) }),
  ] as const;
}

/** Unit: milliseconds. So long a person who is to answer waits for the question: about as long as a deploy gets there. */
const askedWithinMs = 240_000;

/** Draws what one of them does to a service. */
export function drawOperatorDeed(random: Random, of: Service): OperatorDeed {
  const drawn = random.next();
  const at = random.next();
  if (drawn < 0.16) return { do: "apply", service: of, flavour: drawnFlavour(at) };
  if (drawn < 0.38) return { do: "answer", service: of, approved: at < 0.7 };
  if (drawn < 0.46) return { do: "abort", service: of };
  if (drawn < 0.58) return { do: "publish-base", which: at };
  if (drawn < 0.66) return { do: at < 0.6 ? "pin-base" : "unpin-base", service: of };
  if (drawn < 0.74) return { do: random.next() < 0.7 ? "pin-release" : "unpin-release", service: of, which: at };
  if (drawn < 0.88) return { do: "revoke", service: of, kind: revokedKind(random.next()), which: at };
  if (drawn < 0.92) return { do: "undo-revocation", which: at };
  return { do: "alarm", seconds: Math.ceil(at * 300) };
}

function revokedKind(drawn: number): Exclude<Revocable, "layer"> {
  if (drawn < 0.4) return "base";
  return drawn < 0.7 ? "artifact" : "release";
}

/** Does it. What a command refuses because there is nothing to do it to is left undone, as its user would leave it. */
export async function performOperator(stage: SimulatedStage, deed: OperatorDeed): Promise<void> {
  try {
    await done(stage, deed);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
  }
}

async function done(stage: SimulatedStage, deed: OperatorDeed): Promise<void> {
  const { cloud } = stage;
  const kiln = asCommandsSee(stage);
  switch (deed.do) {
    case "apply":
      return applyFlavour(stage, deed.service, deed.flavour);
    case "answer":
      return answer(stage, deed.service, deed.approved);
    case "abort":
      await cloud.complete(stopDeploy(kiln, deed.service, "wrong branch"));
      return void (await cloud.complete(stopDrill(kiln, deed.service, "wrong moment")));
    case "publish-base":
      return publishBase(stage, deed.which);
    case "pin-base":
      return void (await cloud.complete(pinBase(kiln, deed.service, undefined, "a driver")));
    case "unpin-base":
      return void (await cloud.complete(unpinBase(kiln, deed.service)));
    case "pin-release":
    case "unpin-release":
      return pin(stage, deed.service, deed.do === "pin-release", deed.which);
    case "revoke":
      return revokeSome(stage, deed.service, deed.kind, deed.which);
    case "undo-revocation":
      return undoSome(stage, deed.which);
    case "alarm":
      return turnRed(stage, deed.seconds);
  }
}

/** Nobody revokes, pins, pauses or watches any more, and `service` is run in the usual way: so the next deploy finds nothing in its way. */
export async function putRight(stage: SimulatedStage, usual: Service): Promise<void> {
  const { cloud, ledger } = stage;
  const kiln = asCommandsSee(stage);
  await cloud.complete(setAlarm(stage, "OK"));
  for (const revocation of await cloud.complete(ledger.revocations.read())) {
    await cloud.complete(undoRevocation(kiln, revocation, () => cloud.clock.now()));
  }
  await noteAll(stage);
  await cloud.complete(unpinBase(kiln, usual));
  // More may serve by now than the usual spec allows.
  await stage.apply(usual, { allowShrink: true });
}

/** The stage as commands see it. */
function asCommandsSee({ cloud, ledger, outputs }: SimulatedStage) {
  const states = attachToClient(new SFNClient(), cloud.kernel, "states", cloud.administrator);
  const { RefreshMachine = "", RollbackMachine = "", SweepMachine = "" } = outputs;
  return {
    name: stageName,
    ledger,
    outputs: { RefreshMachine, RollbackMachine, SweepMachine },
    runs: new Runs(states),
    executions: new Executions(states),
  };
}

async function answer(stage: SimulatedStage, of: Service, approved: boolean): Promise<void> {
  const { cloud } = stage;
  const isAsked = () =>
    stage.executions("deploy").some(({ arn, input }) => stage.stateOf(arn) === "AwaitApproval" && input.includes(of));
  if (!(await cloud.until(isAsked, askedWithinMs))) return;
  // The question is written down by the handler that the state begins.
  await cloud.until(() => false, 2_000);
  const kiln = asCommandsSee(stage);
  await cloud.complete(approved ? approve(kiln, of, "looks fine") : reject(kiln, of, "it is in French"));
}

async function publishBase({ cloud }: SimulatedStage, which: Which): Promise<void> {
  const ssm = cloud.kernel.services().find((one) => one instanceof SsmService);
  const usable = publicBases.filter(
    ({ architecture, lineage }) =>
      architecture === "x86_64" && lineage.platformDetails === "Linux/UNIX" && lineage.productCodes.length === 0,
  );
  const imageId = usable[Math.floor(which * usable.length)]?.imageId;
  if (imageId !== undefined) ssm?.seedPublic(knownBases.al2023.x86_64, imageId);
}

async function pin(stage: SimulatedStage, of: Service, isPinned: boolean, which: Which): Promise<void> {
  const { cloud, ledger } = stage;
  const head = await cloud.complete(ledger.head(of));
  const kept = keptGenerations(head);
  const generation = kept[Math.floor(which * kept.length)];
  if (generation === undefined) return;
  const kiln = asCommandsSee(stage);
  if (isPinned) await cloud.complete(pinRelease(kiln, generation, "the audit"));
  else await cloud.complete(unpinRelease(kiln, generation));
}

async function revokeSome(
  stage: SimulatedStage,
  of: Service,
  kind: Exclude<Revocable, "layer">,
  which: Which,
): Promise<void> {
  const { cloud, ledger } = stage;
  const { live, standby, pending, kept } = await cloud.complete(ledger.head(of));
  const there = [live?.generation, pending?.generation, standby?.generation, ...kept].filter(
    (one) => one !== undefined,
  );
  const generation = there[Math.floor(which * there.length)];
  const release = generation === undefined ? undefined : await cloud.complete(ledger.release(of, generation));
  if (!release) return;
  const id = { base: release.base.imageId, artifact: release.artifact.sha256, release: release.generation }[kind];
  const now = () => cloud.clock.now();
  const because = { reason: "CVE-2026-1234", by: "ann", at: new Date(now()).toISOString() };
  await cloud.complete(revoke(asCommandsSee(stage), { kind, id, ...because }, now));
  await noteAll(stage);
}

async function undoSome(stage: SimulatedStage, which: Which): Promise<void> {
  const { cloud, ledger } = stage;
  const all = await cloud.complete(ledger.revocations.read());
  const chosen = all[Math.floor(which * all.length)];
  if (chosen) await cloud.complete(undoRevocation(asCommandsSee(stage), chosen, () => cloud.clock.now()));
  await noteAll(stage);
}

async function noteAll(stage: SimulatedStage): Promise<void> {
  const { cloud, ledger, revokedMs } = stage;
  for (const name of services) noteRevoked(await cloud.complete(ledger.head(name)), revokedMs, cloud.clock.now());
}

async function turnRed(stage: SimulatedStage, seconds: number): Promise<void> {
  const { clock } = stage.cloud;
  await stage.cloud.complete(setAlarm(stage, "ALARM"));
  clock.at(clock.now() + seconds * 1000, () => void setAlarm(stage, "OK"));
}
