// Kiln's own bake of the bytes: the code of the bake handler, with the clients it has there.
import { Artifacts } from "../../shared/aws/artifacts.ts";
import { ebs, ec2, s3 } from "../../shared/aws/clients.ts";
import { Documents } from "../../shared/aws/documents.ts";
import { Ledger } from "../../shared/aws/ledger.ts";
import { Snapshots } from "../../shared/aws/snapshots.ts";
import { BlockWriter } from "../../shared/block-writer.ts";
import { volumeOf } from "../../shared/volume-of-release.ts";
import { delayed, measureUpload } from "./measured-upload.ts";

await measureUpload(async ({ release, artifactsBucket, ledgerBucket, keyArn, callMs }) => {
  const connect = <C>(client: C) => delayed(client, callMs);
  const objects = s3(connect);
  const snapshots = new Snapshots(ebs(connect), ec2(connect));
  const sources = {
    artifacts: new Artifacts(objects, artifactsBucket),
    ledger: new Ledger(new Documents(objects, ledgerBucket)),
    snapshots,
    now: Date.now,
  };
  const layout = volumeOf(release);
  const snapshotId = await snapshots.start({
    gib: layout.volumeGib,
    token: `kiln-${process.pid}`,
    keyArn,
    description: "bench",
    tags: {},
  });
  const writer = new BlockWriter(sources, release, layout);
  // Between two turns the state machine would wait a second; here the next one begins at once.
  let written = 0;
  while (written < layout.blockCount) written = await writer.write(snapshotId, written);
  await snapshots.complete(snapshotId, layout.blockCount, await writer.linearDigest());
  return snapshotId;
});
