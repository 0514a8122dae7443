import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ListStateMachinesCommand, SFNClient } from "@aws-sdk/client-sfn";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it, onTestFinished } from "vitest";
import { fakeCloud } from "./fake-cloud.ts";

async function cloudWith(...parameters: Parameters<typeof fakeCloud>) {
  const cloud = await fakeCloud(...parameters);
  onTestFinished(() => cloud.server.close());
  return cloud;
}

const clients = {
  ec2: (config: object) => new EC2Client(config).send(new DescribeInstancesCommand({})),
  s3: (config: object) => new S3Client(config).send(new GetObjectCommand({ Bucket: "bucket", Key: "k" })),
  states: (config: object) => new SFNClient(config).send(new ListStateMachinesCommand({})),
  sts: (config: object) => new STSClient(config).send(new GetCallerIdentityCommand({})),
};

describe("callers", () => {
  it.each([
    ["ec2", "AuthFailure", "AuthFailure", "RequestExpired"],
    ["s3", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"],
    ["states", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"],
    ["sts", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"],
  ] as const)("that %s does not know are refused in its words", async (service, unknownKey, badSignature, expired) => {
    const { config, inputs } = await cloudWith(service, { DescribeInstances: () => ({}), GetObject: () => ({}) });
    const base = { ...config, forcePathStyle: true };
    const call = (credentials: object) =>
      clients[service]({ ...base, credentials: { ...config.credentials, ...credentials } });
    await expect(call({ accessKeyId: "AKIAUNKNOWNUNKNOWN00" })).rejects.toMatchObject({ name: unknownKey });
    await expect(call({ secretAccessKey: "wrong" })).rejects.toMatchObject({ name: badSignature });
    await expect(call({ sessionToken: "old" })).rejects.toMatchObject({ name: expired });
    expect(inputs).toEqual({});
  });

  it("must sign, except for S3, where the caller is anonymous", async () => {
    const { server, kernel, inputs } = await cloudWith("s3", { ListObjectsV2: () => ({}) });
    const query = await fetch(`${server.url}/?Action=GetCallerIdentity&Version=2011-06-15`);
    expect([query.status, await query.text()]).toEqual([403, expect.stringContaining("MissingAuthenticationToken")]);
    kernel.judge = (caller) => (caller.name === "anonymous" ? "because this is a test" : undefined);
    const listing = await fetch(`${server.url}/bucket?list-type=2`);
    expect([listing.status, await listing.text()]).toEqual([403, expect.stringContaining("User: anonymous is not")]);
    expect(inputs).toEqual({});
  });

  it("may not change a body that is signed", async () => {
    const { config, inputs } = await cloudWith("states", { ListStateMachines: () => ({ stateMachines: [] }) });
    const client = new SFNClient(config);
    client.middlewareStack.add(
      (next) => (input) =>
        next({ ...input, request: Object.assign(input.request as object, { body: '{"maxResults":7}' }) }),
      { step: "finalizeRequest", priority: "low" },
    );
    client.middlewareStack.add(
      (next) => (input) => {
        const request = input.request as { headers: Record<string, string>; body: string };
        request.headers["content-length"] = String(request.body.length);
        return next(input);
      },
      { step: "deserialize" },
    );
    await expect(client.send(new ListStateMachinesCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
    });
    expect(inputs).toEqual({});
  });

  it("that sign for another region are told which one this is", async () => {
    const { config } = await cloudWith("s3", { GetObject: () => ({}) });
    const astray = { ...config, region: "eu-west-1", forcePathStyle: true };
    await expect(clients.s3(astray)).rejects.toMatchObject({
      name: "AuthorizationHeaderMalformed",
      Region: "us-east-1",
    });
    await expect(clients.ec2(astray)).rejects.toMatchObject({ message: expect.stringContaining("us-east-1") });
  });

  it("are told of a missing permission in the service's words, with caller, action and resource", async () => {
    const { config, kernel } = await cloudWith("ec2", { DescribeInstances: () => ({}) });
    kernel.judge = (_caller, { action }) => `because no identity-based policy allows the ${action} action`;
    await expect(clients.ec2(config)).rejects.toMatchObject({
      name: "UnauthorizedOperation",
      $metadata: { httpStatusCode: 403 },
      message:
        "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/tester is not authorized to " +
        "perform: ec2:DescribeInstances on resource: * because no identity-based policy allows the ec2:DescribeInstances action",
    });
  });
});

describe("the server", () => {
  it("shows its services on the health page", async () => {
    const { server } = await cloudWith("s3", { GetObject: () => ({}) });
    const health = await fetch(`${server.url}/_kiln/health`);
    expect(await health.json()).toEqual({ status: "ok", region: "us-east-1", services: { s3: 1 } });
  });

  it("names a service that it lacks", async () => {
    const { config } = await cloudWith("s3", {});
    await expect(clients.sts({ ...config })).rejects.toMatchObject({
      name: "NotImplemented",
      message: expect.stringContaining("sts:GetCallerIdentity"),
    });
    const headers = {
      authorization: "AWS4-HMAC-SHA256 Credential=A/1/us-east-1/polly/aws4_request, SignedHeaders=host, Signature=0",
      "x-amz-date": "1",
    };
    const answer = await fetch(config.endpoint, { headers });
    expect([answer.status, await answer.text()]).toEqual([501, expect.stringContaining("the service polly")]);
  });

  it("ends idle connections when it closes", async () => {
    const { server } = await fakeCloud("s3", {});
    await fetch(`${server.url}/_kiln/health`);
    await server.close();
    await expect(fetch(`${server.url}/_kiln/health`)).rejects.toThrow();
  });
});
