import { request } from "node:http";
import { join } from "node:path";
import { prepareArtifact } from "../../../../cli/artifact-file.ts";
import { sendArtifact, sendLayer } from "../../../../cli/commands/push.ts";
import { applySpec } from "../../../../cli/commands/service-apply.ts";
import { projectDirectory } from "../../../../cli/kiln-directory.ts";
import { outputTo } from "../../../../cli/output.ts";
import { readSpecFile } from "../../../../cli/spec-file.ts";
import { programDirectory } from "../../../../scripts/programs/program-directory.ts";
import type { ServiceSpec } from "../../../../shared/domain/service-spec.ts";
import { type Ended, waitForEnd } from "../../support/executions.ts";
import { until } from "../../support/until.ts";
import type { World } from "../../support/world.ts";
import { zipDirectory } from "./zip-directory.ts";

/** How a program is pushed. */
export type Packing = "tar.gz" | "zip";

const cacheDirectory = join(projectDirectory, ".kiln", "cache");
const output = outputTo({ stdout: { write() {} }, stderr: { write() {} } }, false);

/** Short, and patient with programs that take their time on a busy machine. */
const pace = { intervalSeconds: 10, timeoutSeconds: 9, healthyThreshold: 2, unhealthyThreshold: 10 } as const;
const patience: Partial<ServiceSpec> = {
  validate: { healthyInARow: 2, timeoutSeconds: 3600, probes: [], functions: [] },
  observeSeconds: 0,
};

/** Pushes a program of `examples/programs` as a person would, and waits for the end of its deploy. */
export async function deployProgram(world: World, name: string, packing: Packing): Promise<Ended> {
  const directory = programDirectory(name, cacheDirectory);
  const spec = await readSpecFile(join(directory, "kiln.yaml"));
  await applySpec(world.stage, forThisMachine(spec), output);
  const file = packing === "zip" ? join(world.directory, `${name}.zip`) : directory;
  if (packing === "zip") await zipDirectory(directory, file, ["kiln.yaml"]);
  return deployFile(world, spec.service, file, "1.0.0");
}

/** Pushes one file or directory as a version of a service whose spec is in force. */
export async function deployFile(world: World, service: string, file: string, version?: string): Promise<Ended> {
  const { runs, outputs } = world.stage;
  const prepared = await prepareArtifact(file, { service, version });
  const { key, versionId = "null" } = await sendArtifact(world.stage, prepared, output);
  const deploy = await until(`the deploy of ${key}`, () => runs.startedByUpload(outputs.DeployMachine, key, versionId));
  return waitForEnd(world.stage, deploy, { withinSeconds: 1500 });
}

/** Pushes a directory as a layer in a zip. */
export async function pushZippedLayer(world: World, name: string, directory: string): Promise<void> {
  const file = join(world.directory, `${name}.zip`);
  await zipDirectory(directory, file);
  await sendLayer(world.stage, name, file, output);
}

/** The spec with times that fit a test, and this machine's processor. */
export function forThisMachine(spec: ServiceSpec): ServiceSpec {
  const arm = process.arch === "arm64" ? ({ architecture: "arm64", instanceType: "t4g.small" } as const) : {};
  return { ...spec, ...patience, ...arm, healthCheck: { ...spec.healthCheck, ...pace } };
}

/** One answer of a program. */
export interface ProgramAnswer {
  status: number;
  type: string;
  body: Buffer;
}

/** Asks a program through the load balancer by its host name. */
export function askProgram(
  world: World,
  { host, path, body }: { host: string; path: string; body?: object },
): Promise<ProgramAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramAnswer>();
  const headers = { host, connection: "close", "content-type": "application/json" };
  const asked = request(new URL(path, world.embedded.serviceUrl()), { method: body ? "POST" : "GET", headers });
  asked.on("error", reject);
  asked.on("response", (answer) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.on("error", reject);
    answer.on("end", () => {
      const type = answer.headers["content-type"] ?? "";
      resolve({ status: answer.statusCode ?? 0, type, body: Buffer.concat(chunks) });
    });
  });
  asked.end(body && JSON.stringify(body));
  return promise;
}
