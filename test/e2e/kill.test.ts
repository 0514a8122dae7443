import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareArtifact } from "../../cli/artifact-file.ts";
import { sendArtifact } from "../../cli/commands/push.ts";
import { removeMachines } from "../../local/cloud.ts";
import { Random } from "../../local/core/random.ts";
import { openClients } from "./support/aws-clients.ts";
import { CloudProcess } from "./support/cloud-process.ts";
import { listExecutions } from "./support/executions.ts";
import { Journal } from "./support/journal.ts";
import { prepareJournal } from "./support/journal-kinds.ts";
import { until } from "./support/until.ts";
import { examples, type Visitor, visit, visitorOf } from "./support/visitor.ts";

/** Set by `npm run test:kill -- --rounds <n> --seed <n>`. */
const rounds = Number(process.env["KILN_KILL_ROUNDS"] ?? 3);
const seed = Number(process.env["KILN_KILL_SEED"] ?? 1);
const timeFactor = 20;

let directory: string;
let cloud: CloudProcess;
let visitor: Visitor;
let journal: Journal;
let random: Random;
/** Calls that had been answered, and were there after a restart. */
let checked = 0;
/** How long a start and a deploy really take on this machine. Unit: milliseconds. */
let startMs: number;
let deployMs: number;

beforeAll(async () => {
  random = new Random(seed);
  directory = await mkdtemp(join(tmpdir(), "kiln-kill-"));
  cloud = await CloudProcess.start(directory, timeFactor);
  visitor = await visit(cloud.place);
  const aws = openClients(visitor.stage.connection);
  journal = new Journal(await prepareJournal(aws));
  aws.destroy();
  const beganMs = performance.now();
  expect(await visitor.ended(await visitor.push("0.1.0"))).toMatchObject({ status: "SUCCEEDED" });
  deployMs = performance.now() - beganMs;
  startMs = deployMs / 3;
});

afterAll(async () => {
  await cloud?.stop();
  removeMachines(join(directory, "state"));
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** Pushes a version while the journal is written, and cuts the power at a random moment of the deploy. */
async function deployUntilPowerCut(version: string): Promise<{ key: string; versionId: string } | undefined> {
  const { stage } = visitor;
  const aws = openClients(stage.connection);
  const artifact = await prepareArtifact(examples.web, { service: "web", version });
  const over = new AbortController();
  const writing = journal.write(aws, over.signal);
  const pushing = sendArtifact(stage, artifact, cloud.place.output).then(
    ({ key, versionId = "" }) => ({ key, versionId }),
    () => undefined,
  );
  await delay(random.between(0, deployMs * 1.1));
  await cloud.cutPower();
  over.abort();
  await writing;
  aws.destroy();
  return pushing;
}

/** Starts again; one time in four the power fails once more during the start. */
async function startAgain(): Promise<void> {
  if (random.next() < 0.25) await CloudProcess.startInVain(directory, timeFactor, random.between(0, startMs));
  const beganMs = performance.now();
  cloud = await CloudProcess.start(directory, timeFactor);
  startMs = performance.now() - beganMs;
  visitor = visitorOf(cloud.place, visitor.spec);
}

/** Ends that leave nothing behind. */
const cleanEnds = ["Live", "Skipped", "FailedClean"];

/** What is live answers from as many servers as it should have, and nothing else is there but its standby. */
async function expectWhole(): Promise<void> {
  const { ledger } = visitor.stage;
  const { live, standby, pending } = await ledger.head("web");
  expect(pending).toBeNull();
  expect((await ledger.lease("web"))?.owner).toBeNull();
  const generation = live?.generation ?? "";
  await visitor.answers((await ledger.release("web", generation))?.version ?? "");
  const held = [generation, ...(standby ? [standby.generation] : [])].sort();
  const whole = async () => {
    const inventory = await visitor.inventory();
    const fleets = inventory.holdings.filter(({ kind }) => kind === "fleet").map((fleet) => fleet.generation);
    const trials = inventory.holdings.filter(({ kind }) => kind === "trial rule");
    const serving = inventory.production[0]?.weights.filter(({ weight }) => weight > 0).map((one) => one.generation);
    const servers = inventory.of(generation).instance;
    return trials.length === 0 && servers === 2 && `${fleets.sort()} ${serving}` === `${held} ${generation}`;
  };
  await until(`the fleets ${held.join(" and ")}, and no other`, whole, { everyMs: 500 });
}

describe("a cloud that is killed at any moment, and started again", () => {
  it.each(Array.from({ length: rounds }, (_, index) => index + 1))(
    `loses nothing it had answered, and goes on with what ran (seed ${seed}, round %i)`,
    async (round) => {
      const pushed = await deployUntilPowerCut(`1.0.${round}`);
      await startAgain();

      const aws = openClients(visitor.stage.connection);
      const { answered, lost } = await journal.check(aws);
      aws.destroy();
      expect(lost).toEqual([]);
      checked += answered;

      const { stage } = visitor;
      const own =
        pushed &&
        (await until(`the deploy of ${pushed.key}`, () =>
          stage.runs.startedByUpload(stage.outputs.DeployMachine, pushed.key, pushed.versionId),
        ));
      for (const execution of new Set([
        ...(own ? [own] : []),
        ...(await listExecutions(stage.connection, stage.outputs.DeployMachine, "RUNNING")),
      ])) {
        const ended = await visitor.ended(execution);
        expect(cleanEnds, `${execution}: ${ended.cause}`).toContain(ended.path.at(-1));
      }
      await expectWhole();
    },
  );

  it("was asked to keep something", () => {
    expect(checked).toBeGreaterThan(50 * rounds);
  });
});
