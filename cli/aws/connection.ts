import { NodeHttpHandler } from "@smithy/node-http-handler";
import { findCloud } from "../embedded/cloud-file.ts";
import { CommandFailure, nothingDone, wrongUsage } from "../failure.ts";

/** Where AWS's API is, and who calls it. */
export interface Connection {
  kind: "embedded" | "aws";
  /** Undefined: AWS's own endpoints. */
  endpoint: string | undefined;
  /** Undefined: whatever the SDK finds in environment and profile. */
  region: string | undefined;
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
}

/** What every embedded cloud accepts. It opens nothing but a cloud on this machine, so it is no secret. */
export const embeddedCredentials = {
  accessKeyId: "AKIAKILNLOCALADMIN00",
  secretAccessKey: "kiln-local-secret-not-for-aws",
} as const;

export const embeddedRegion = "us-east-1";

export function connectTo(endpoint: string, region: string = embeddedRegion): Connection {
  return { kind: "embedded", endpoint, region, credentials: { ...embeddedCredentials } };
}

/**
 * Decides whom a command talks to: AWS when it is asked for, else the endpoint that is set, else the embedded cloud that
 * runs here.
 * @throws {CommandFailure} when there is none.
 */
export async function findConnection(
  options: { aws: boolean },
  environment: Record<string, string | undefined> = process.env,
): Promise<Connection> {
  const endpoint = environment["AWS_ENDPOINT_URL"];
  if (options.aws) {
    if (endpoint) throw wrongUsage("--aws was given while AWS_ENDPOINT_URL is set.", "Unset one of them.");
    return { kind: "aws", endpoint: undefined, region: undefined, credentials: undefined };
  }
  if (endpoint) {
    const own = environment["AWS_ACCESS_KEY_ID"] ?? environment["AWS_PROFILE"];
    const region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? embeddedRegion;
    const connection = connectTo(endpoint, region);
    return own === undefined ? connection : { ...connection, credentials: undefined };
  }
  const cloud = await findCloud();
  if (cloud) return connectTo(cloud.endpoint, cloud.region);
  throw new CommandFailure({
    name: "NoCloud",
    what: "No embedded cloud runs here, and AWS was not asked for.",
    left: nothingDone,
    fix: "Start one with: npm run kiln -- up. Or name AWS with --aws, or set AWS_ENDPOINT_URL.",
  });
}

/** Unit: milliseconds. Enough for an 8 MiB part on a slow line; a call that hangs ends all the same. */
const requestTimeoutMs = 120_000;

/** How each SDK client of the CLI is set up. */
export function clientConfiguration({ endpoint, region, credentials }: Connection) {
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    }),
  };
}
