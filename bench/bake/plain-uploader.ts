// What anyone would write with the SDK: read the object, cut it into blocks, put them with a few under way at once.
import { createHash } from "node:crypto";
import { CompleteSnapshotCommand, EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } from "@aws-sdk/client-ebs";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { delayed, measureUpload } from "./measured-upload.ts";

const blockBytes = 524_288;
/** As many as Kiln has under way. */
const underWay = 16;

await measureUpload(async ({ release, artifactsBucket, keyArn, callMs }) => {
  const s3 = delayed(new S3Client({}), callMs);
  const ebs = delayed(new EBSClient({}), callMs);
  const { artifact } = release;
  const VolumeSize = Math.ceil((artifact.bytes + blockBytes) / 1024 ** 3);
  const { SnapshotId } = await ebs.send(new StartSnapshotCommand({ VolumeSize, Encrypted: true, KmsKeyArn: keyArn }));

  const digests: Buffer[] = [];
  const running = new Set<Promise<unknown>>();
  const put = async (block: Buffer) => {
    const BlockIndex = digests.length;
    const digest = createHash("sha256").update(block).digest();
    digests.push(digest);
    const sent = ebs.send(
      new PutSnapshotBlockCommand({
        SnapshotId,
        BlockIndex,
        BlockData: block,
        DataLength: blockBytes,
        Checksum: digest.toString("base64"),
        ChecksumAlgorithm: "SHA256",
      }),
    );
    const entry = sent.finally(() => running.delete(entry));
    running.add(entry);
    if (running.size >= underWay) await Promise.race(running);
  };

  const found = await s3.send(
    new GetObjectCommand({ Bucket: artifactsBucket, Key: artifact.key, VersionId: artifact.versionId }),
  );
  let rest = Buffer.alloc(0);
  for await (const chunk of found.Body as AsyncIterable<Uint8Array>) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= blockBytes) {
      await put(rest.subarray(0, blockBytes));
      rest = rest.subarray(blockBytes);
    }
  }
  if (rest.length > 0) await put(Buffer.concat([rest, Buffer.alloc(blockBytes - rest.length)]));
  await Promise.all(running);
  await ebs.send(
    new CompleteSnapshotCommand({
      SnapshotId,
      ChangedBlocksCount: digests.length,
      Checksum: createHash("sha256").update(Buffer.concat(digests)).digest("base64"),
      ChecksumAlgorithm: "SHA256",
      ChecksumAggregationMethod: "LINEAR",
    }),
  );
  return SnapshotId ?? "";
});
