import { NodeHttpHandler } from "@smithy/node-http-handler";

/**
 * How every SDK client is set up: one owner of retries, and no call without an end. A handler's time-out is 30 s or more,
 * so three attempts of 8 s fit. Unit: milliseconds. Source for hung connections: awslabs/coldsnap issue 437.
 */
export function clientOptions() {
  return {
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2_000,
      requestTimeout: 8_000,
      throwOnRequestTimeout: true,
    }),
  };
}
