// What admission does with an archive: streams it from S3, unpacks it, and judges and digests everything.
import { inspectArchive } from "../../shared/archive-inspection.ts";
import { Artifacts } from "../../shared/aws/artifacts.ts";
import { s3 } from "../../shared/aws/clients.ts";
import { measured } from "./measured-upload.ts";
import type { ArchiveTask } from "./upload-task.ts";

const { artifactsBucket, key, versionId } = JSON.parse(process.argv[2] ?? "{}") as ArchiveTask;
const artifacts = new Artifacts(
  s3((client) => client),
  artifactsBucket,
);
const taken = await measured(async () => {
  await inspectArchive(await artifacts.read(key, versionId), { name: key, caseCollisions: "accept" });
});
console.log(JSON.stringify(taken));
