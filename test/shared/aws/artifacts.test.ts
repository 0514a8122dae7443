import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, describe, expect, it } from "vitest";
import { Artifacts } from "../../../shared/aws/artifacts.ts";

let server: Server | undefined;

afterEach(() => {
  server?.close();
});

/** A bucket whose every answer the test writes itself, over the wire: a HEAD really has no body there. */
async function bucketThat(answers: RequestListener): Promise<Artifacts> {
  const listening = createServer(answers);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    region: "us-east-1",
    credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" },
    maxAttempts: 1,
  });
  return new Artifacts(s3, "artifacts");
}

describe("looking for a pushed object", () => {
  it("names what S3 names when the role may not read it, though S3 says nothing to a HEAD", async () => {
    const sentence = "User: role/admit is not authorized to perform: s3:GetObjectVersion on resource: web/1.tgz";
    const asked: string[] = [];
    const artifacts = await bucketThat((request, response) => {
      asked.push(`${request.method} ${request.headers.range ?? ""}`.trim());
      response.writeHead(403, { "content-type": "application/xml" });
      response.end(`<Error><Code>AccessDenied</Code><Message>${sentence}</Message></Error>`);
    });

    await expect(artifacts.find("web/1.tgz", "v1")).rejects.toMatchObject({ name: "AccessDenied", message: sentence });
    expect(asked).toEqual(["HEAD", "GET bytes=0-0"]);
  });

  it("asks once when the object is there, and names a missing one", async () => {
    const asked: (string | undefined)[] = [];
    const artifacts = await bucketThat((request, response) => {
      asked.push(request.method);
      const found = request.url?.startsWith("/artifacts/web/1.tgz");
      response.writeHead(found ? 200 : 404, { "x-amz-version-id": "v1", "content-length": found ? 7 : 0 }).end();
    });

    expect(await artifacts.find("web/1.tgz")).toMatchObject({ key: "web/1.tgz", versionId: "v1", bytes: 7 });
    expect(asked).toEqual(["HEAD"]);
    await expect(artifacts.find("web/2.tgz")).rejects.toMatchObject({ name: "ArtifactMissingError" });
  });
});
