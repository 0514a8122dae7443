import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { beforeEach, expect, it } from "vitest";
import { attachToClient } from "../../../local/server/attach-to-client.ts";
import { archiveOf, procfile } from "../../../scripts/fuzz/sample-archives.ts";
import { admitDeploy } from "../../../shared/admission/deploy.ts";
import { person } from "../../local/s3/cloud.ts";
import { frontDoor } from "./front-door.ts";

let door: Awaited<ReturnType<typeof frontDoor>>;

beforeEach(async () => {
  door = await frontDoor();
  await door.apply();
});

it("freezes who uploaded from where, and what the object says it was built from", async () => {
  const { world, kernel, asked } = door;
  const key = "web/1.tgz";
  const s3 = attachToClient(new S3Client({ region: "us-east-1" }), kernel, "s3", person);
  const Metadata = { commit: "0123abc", repository: "https://t0ken@git.example.com/web.git" };
  const Body = await archiveOf(procfile);
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: "artifacts", Key: key, Body, Metadata }));
  const time = new Date(world.now()).toISOString();
  const object = { key, "version-id": VersionId };
  const detail = { bucket: { name: "artifacts" }, object, requester: "123456789012", "source-ip-address": "192.0.2.7" };
  const event = { source: "aws.s3", "detail-type": "Object Created", time, detail };

  await expect(admitDeploy(asked(event), world)).resolves.toMatchObject({ status: "ready" });

  const release = await world.ledger.release("web", "web-000001");
  expect(release?.provenance).toEqual({
    asked: { kind: "upload", account: "123456789012", sourceIp: "192.0.2.7" },
    pushedAt: expect.stringMatching(/^\d{4}-/),
    source: { commit: "0123abc", repository: "https://git.example.com/web.git" },
  });
});

it("freezes who asked by hand and why, and says nothing of a source that nobody named", async () => {
  const { world, push, asked } = door;
  await push("web/1.tgz", await archiveOf(procfile));
  const request = { service: "web", by: "arn:aws:iam::123456789012:user/ann", reason: "new servers" };
  await admitDeploy(asked(request), world);
  const release = await world.ledger.release("web", "web-000001");
  expect(release?.provenance).toEqual({
    asked: { kind: "manual", by: "arn:aws:iam::123456789012:user/ann", reason: "new servers" },
    pushedAt: expect.any(String),
  });
});

it("freezes that a refresh asked, with its reason", async () => {
  const { world, push, asked } = door;
  await push("web/1.tgz", await archiveOf(procfile));
  await admitDeploy(asked({ service: "web", refresh: true, reason: "base changed" }), world);
  const release = await world.ledger.release("web", "web-000001");
  expect(release?.provenance?.asked).toEqual({ kind: "refresh", reason: "base changed" });
});
