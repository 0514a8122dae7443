import { S3Client } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { attachToClient } from "../../../local/server/attach-to-client.ts";
import { Documents } from "../../../shared/aws/documents.ts";
import { Ledger } from "../../../shared/aws/ledger.ts";
import type { FrozenReleases } from "../../../shared/step.ts";
import { person } from "../../local/s3/cloud.ts";
import { frontDoor } from "../admission/front-door.ts";

/** A ledger with the memory of one container, in which only the bucket's answers count. */
async function container() {
  const { world, kernel } = await frontDoor();
  const reads: string[] = [];
  const s3 = attachToClient(new S3Client({ region: "us-east-1" }), kernel, "s3", person);
  const documents = new Documents(s3, world.config.ledgerBucket);
  const read = documents.read.bind(documents);
  documents.read = async (key) => {
    reads.push(key);
    return read(key);
  };
  const releases: FrozenReleases = new Map();
  await kernel.call(
    "s3",
    "PutObject",
    { Bucket: "ledger", Key: "services/web/releases/web-000001.json", Body: '{"generation":"web-000001"}' },
    person,
  );
  return { ledger: new Ledger(documents, () => releases), reads };
}

it("reads a frozen release once in one container, and one that is not frozen yet each time", async () => {
  const { ledger, reads } = await container();
  for (let turn = 0; turn < 3; turn++) {
    expect(await ledger.release("web", "web-000001")).toMatchObject({ generation: "web-000001" });
    expect(await ledger.release("web", "web-000002")).toBeUndefined();
  }
  expect(reads.filter((key) => key.endsWith("web-000001.json"))).toHaveLength(1);
  expect(reads.filter((key) => key.endsWith("web-000002.json"))).toHaveLength(3);
});

it("reads the lease anew each time: it is what may change under a container", async () => {
  const { ledger, reads } = await container();
  await ledger.lease("web");
  await ledger.lease("web");
  expect(reads).toEqual(["services/web/lease.json", "services/web/lease.json"]);
});
