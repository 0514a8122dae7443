import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionConfiguration, ListVersionsByFunctionCommandOutput } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deployPackage } from "../../../local/cloudformation/deploy-package.ts";
import { zipArchive } from "../lambda/zip-archive.ts";
import { stackWorld } from "./stack-world.ts";

let directory: string;
let world: Awaited<ReturnType<typeof stackWorld>>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kiln-package-"));
  world = await stackWorld();
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const bucket = { ServerlessDeploymentBucket: { Type: "AWS::S3::Bucket" } };

/** Writes what `osls package` writes for one function; its version's logical ID follows its code, as there. */
async function writePackage(build: string, settings: { memory?: number; version: string; parameters?: object }) {
  const prefix = `serverless/kiln/dev/${build}`;
  const state = { service: {}, package: { artifactDirectoryName: prefix } };
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const version = `HelloVersion${settings.version}`;
  const update = {
    Parameters: settings.parameters ?? {},
    Resources: {
      ...bucket,
      Role: {
        Type: "AWS::IAM::Role",
        Properties: { AssumeRolePolicyDocument: { Version: "2012-10-17", Statement: [trust] } },
      },
      Hello: {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: "kiln-dev-hello",
          Code: { S3Bucket: { Ref: "ServerlessDeploymentBucket" }, S3Key: `${prefix}/hello.zip` },
          Handler: "hello.handler",
          Runtime: "nodejs24.x",
          MemorySize: settings.memory ?? 128,
          Role: { "Fn::GetAtt": ["Role", "Arn"] },
        },
      },
      [version]: {
        Type: "AWS::Lambda::Version",
        DeletionPolicy: "Retain",
        Properties: { FunctionName: { Ref: "Hello" } },
      },
    },
    Outputs: { Qualified: { Value: { Ref: version } } },
  };
  const files: [string, string | Uint8Array][] = [
    ["cloudformation-template-create-stack.json", JSON.stringify({ Resources: bucket })],
    ["cloudformation-template-update-stack.json", JSON.stringify(update)],
    ["serverless-state.json", JSON.stringify(state)],
    ["hello.zip", zipArchive({ "hello.mjs": `export const handler = () => "${settings.version}";` })],
  ];
  for (const [name, content] of files) await writeFile(join(directory, name), content);
}

/** Deploys while the modelled clock goes on. */
async function deploy(parameters?: Record<string, string>): Promise<Record<string, string>> {
  const { kernel, caller } = world;
  let done = false;
  const deployment = { directory, stackName: "kiln-dev", caller, ...(parameters && { parameters }) };
  const work = deployPackage(kernel, deployment).finally(() => {
    done = true;
  });
  work.catch(() => {});
  while (!done) await world.clock.advance(1000);
  return work;
}

describe("deploying a package", () => {
  it("makes the bucket first, uploads, and updates the stack to the whole template", async () => {
    await writePackage("one", { version: "A" });
    const arn = "arn:aws:lambda:us-east-1:123456789012:function:kiln-dev-hello:1";
    expect(await deploy()).toEqual({ Qualified: arn });
    const found = await world.call<FunctionConfiguration>("lambda", "GetFunctionConfiguration", { FunctionName: arn });
    expect(found).toMatchObject({ State: "Active", Version: "1", Handler: "hello.handler" });
    expect((await world.describe("kiln-dev"))?.StackStatus).toBe("UPDATE_COMPLETE");
  });

  it("publishes changed functions, and keeps the versions that were", async () => {
    await writePackage("one", { version: "A" });
    await deploy();
    await writePackage("two", { version: "B", memory: 256 });
    expect(await deploy()).toEqual({ Qualified: "arn:aws:lambda:us-east-1:123456789012:function:kiln-dev-hello:2" });
    const input = { FunctionName: "kiln-dev-hello" };
    const output = await world.call<ListVersionsByFunctionCommandOutput>("lambda", "ListVersionsByFunction", input);
    expect(output.Versions?.map((one) => [one.Version, one.MemorySize])).toEqual([
      ["$LATEST", 256],
      ["1", 128],
      ["2", 256],
    ]);
  });

  it("does nothing when nothing changed", async () => {
    await writePackage("one", { version: "A" });
    await deploy();
    const before = await world.events("kiln-dev");
    await deploy();
    expect(await world.events("kiln-dev")).toEqual(before);
  });

  it("hands over the parameters the template has", async () => {
    await writePackage("one", { version: "A", parameters: { Domain: { Type: "String" } } });
    await deploy({ Domain: "example.org", Unknown: "x" });
    expect((await world.describe("kiln-dev"))?.Parameters).toEqual([
      { ParameterKey: "Domain", ParameterValue: "example.org" },
    ]);
  });

  it("fails with the reason of each resource that failed", async () => {
    await writePackage("one", { version: "A", memory: 1 });
    await expect(deploy()).rejects.toThrow(/ended UPDATE_ROLLBACK_COMPLETE: Hello: .*MemorySize/);
  });
});
