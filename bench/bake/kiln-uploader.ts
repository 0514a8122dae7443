// Kiln's own bake of the bytes: the code of the bake handler, with the clients it has there.
import { Artifacts } from "../../shared/aws/artifacts.ts";
import { ebs, ec2, s3 } from "../../shared/aws/clients.ts";
import { Documents } from "../../shared/aws/documents.ts";
import { Ledger } from "../../shared/aws/ledger.ts";
import { Snapshots } from "../../shared/aws/snapshots.ts";
import { BlockWriter } from "../../shared/baking/block-writer.ts";
import { rangesOf } from "../../shared/domain/block-ranges.ts";
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
  const writer = new BlockWriter(sources, release);
  // The state machine runs four ranges at once, each in a Lambda of its own; here one process writes them in turn.
  for (const range of rangesOf(writer.blockCount)) {
    for (let written = range.first; written < range.end; ) written = await writer.write(snapshotId, range, written);
  }
  await writer.complete(snapshotId);
  return snapshotId;
});
