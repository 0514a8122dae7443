import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateStateMachineCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { expect } from "vitest";
import type { ReleaseRef } from "../../../shared/step-input.ts";
import { releaseWith } from "../../cli/support/releases.ts";
import { until } from "../../e2e/support/until.ts";
import type { Place } from "./place.ts";

/** What one noun of `shared/aws` promises, by the promise's name. */
export type Contract = Readonly<Record<string, (place: Place) => Promise<void>>>;

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function push({ clients, bucket }: Place, key: string, body: string): Promise<string> {
  const put = await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  return put.VersionId ?? "";
}

export const artifactsContract: Contract = {
  "artifacts: an exact version is found and read, also after a newer push": async (place) => {
    const first = await push(place, "web/1.0.0.tgz", "first");
    await push(place, "web/1.0.0.tgz", "the second");
    expect(await place.artifacts.find("web/1.0.0.tgz", first)).toMatchObject({ versionId: first, bytes: 5 });
    expect((await place.artifacts.find("web/1.0.0.tgz")).bytes).toBe(10);
    expect(await text(await place.artifacts.read("web/1.0.0.tgz", first))).toBe("first");
    expect(await text(await place.artifacts.read("web/1.0.0.tgz", first, { first: 1, last: 3 }))).toBe("irs");
  },
  "artifacts: the one pushed last is the newest, and a version is found by its number": async (place) => {
    await push(place, "api/1.0.0.tgz", "a");
    await push(place, "api/experiments/try.tgz", "not production");
    expect((await place.artifacts.newest("api")).key).toBe("api/1.0.0.tgz");
    expect((await place.artifacts.findVersion("api", "1.0.0")).key).toBe("api/1.0.0.tgz");
  },
  "artifacts: what is not there is missing by name": async (place) => {
    const missing = { name: "ArtifactMissingError" };
    await expect(place.artifacts.find("web/9.9.9.tgz")).rejects.toMatchObject(missing);
    await expect(place.artifacts.newest("nobody")).rejects.toMatchObject(missing);
    const gone = await push(place, "web/2.0.0.tgz", "x");
    await place.clients.s3.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: "web/2.0.0.tgz" }));
    await expect(place.artifacts.find("web/2.0.0.tgz")).rejects.toMatchObject(missing);
    expect((await place.artifacts.find("web/2.0.0.tgz", gone)).bytes).toBe(1);
  },
  "artifacts: a version id that S3 never gave is missing by name": async (place) => {
    const missing = { name: "ArtifactMissingError" };
    await expect(place.artifacts.find("web/1.0.0.tgz", "never-given")).rejects.toMatchObject(missing);
  },
};

export const ledgerContract: Contract = {
  "documents: what is created exists once, and the second writer gets the first one's": async ({ documents }) => {
    expect(await documents.create("claims/1.json", { owner: "a" })).toEqual({
      created: true,
      document: { owner: "a" },
    });
    expect(await documents.create("claims/1.json", { owner: "b" })).toEqual({
      created: false,
      document: { owner: "a" },
    });
    expect(await documents.read("claims/2.json")).toBeUndefined();
  },
  "documents: a change that lost the race is made again on what won": async ({ documents }) => {
    await documents.create("counters/1.json", { count: 1 });
    const add = (amount: number) =>
      documents.update<{ count: number }>("counters/1.json", (present) => ({ count: (present?.count ?? 0) + amount }));
    // All read the same version before any of them writes; each loser has to read again.
    await Promise.all([add(1), add(10), add(100)]);
    expect((await documents.read("counters/1.json"))?.document).toEqual({ count: 112 });
  },
  "ledger: a release is frozen once, and generations are listed in order": async ({ ledger }) => {
    const second = releaseWith({ service: "shop", generation: "shop-000002" });
    await ledger.freeze(second);
    await ledger.freeze(releaseWith({ service: "shop", generation: "shop-000001" }));
    const again = await ledger.freeze({ ...second, version: "changed" });
    expect(again.version).toBe(second.version);
    expect(await ledger.generations("shop")).toEqual(["shop-000001", "shop-000002"]);
    expect(await ledger.services()).toContain("shop");
  },
  "ledger: one execution holds the lease, and another one takes it only after the first has ended": async ({
    ledger,
  }) => {
    const [a, b] = ["arn:execution:a", "arn:execution:b"];
    const taken = await ledger.takeLease("cart", a, "unknown", null, 1_000);
    expect(taken.kind).toBe("take");
    expect((await ledger.takeLease("cart", b, "running", a, 2_000)).kind).not.toBe("take");
    const after = await ledger.takeLease("cart", b, "ended", a, 3_000);
    expect(after.kind).toBe("take");
    const first: ReleaseRef = { service: "cart", generation: "cart-000001", fence: 1 };
    await expect(ledger.assertLease(first, a)).rejects.toMatchObject({ name: "LeaseLostError" });
    await ledger.releaseLease(first, a);
    expect((await ledger.lease("cart"))?.owner).toBe(b);
  },
  "ledger: history keeps a line once, oldest first": async ({ ledger }) => {
    const ref = { service: "shop", generation: "shop-000001" };
    const line = (event: string, at: string) => ({ event, at, execution: "arn:aws:states:x:1:execution:deploy:e1" });
    await ledger.record(ref, line("baked", "2026-01-01T00:00:02.000Z"));
    await ledger.record(ref, line("admitted", "2026-01-01T00:00:01.000Z"));
    await ledger.record(ref, line("baked", "2026-01-01T00:00:09.000Z"));
    const events = await ledger.history(ref.service, ref.generation);
    expect(events.map(({ event, at }) => [event, at.slice(17, 19)])).toEqual([
      ["admitted", "01"],
      ["baked", "02"],
    ]);
  },
};

export const pointersContract: Contract = {
  "parameters: one that is not there is undefined, one that is changes": async ({ parameters }) => {
    expect(await parameters.read("/contract/none")).toBeUndefined();
    await parameters.write("/contract/live", "one");
    await parameters.write("/contract/live", "two");
    expect(await parameters.read("/contract/live")).toBe("two");
  },
  "executions: a running one is running, a stopped one has ended, an unknown one too": async (place) => {
    const { sfn } = place.clients;
    const roleArn = await machineRole(place);
    const definition = {
      QueryLanguage: "JSONata",
      StartAt: "Hold",
      States: { Hold: { Type: "Wait", Seconds: 86_400, End: true } },
    };
    const { stateMachineArn = "" } = await sfn.send(
      new CreateStateMachineCommand({ name: "contract", roleArn, definition: JSON.stringify(definition) }),
    );
    const { executionArn = "" } = await sfn.send(new StartExecutionCommand({ stateMachineArn, name: "one" }));
    await until("the execution to be seen", async () => (await place.executions.status(executionArn)) === "running");
    await place.executions.stop(executionArn, "Enough", "of it");
    await until("the execution to have ended", async () => (await place.executions.status(executionArn)) === "ended");
    expect(await place.executions.describe(executionArn)).toBe("ABORTED");
    await place.executions.stop(executionArn, "Enough", "of it");
    expect(await place.executions.status(executionArn.replace(/one$/, "never"))).toBe("ended");
  },
};

async function machineRole({ clients }: Place): Promise<string> {
  const trust = { Effect: "Allow", Principal: { Service: "states.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const { Role } = await clients.iam.send(new CreateRoleCommand({ RoleName: "contract", AssumeRolePolicyDocument }));
  return Role?.Arn ?? "";
}
