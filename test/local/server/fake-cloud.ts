import { AwsError } from "../../../local/core/aws-error.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { Kernel, type Operation } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import type { CredentialSource } from "../../../local/server/authenticate.ts";
import { startServer } from "../../../local/server/server.ts";

export const testCredentials = { accessKeyId: "AKIATESTTESTTESTTEST", secretAccessKey: "test-secret" };

const source: CredentialSource = {
  callerFor(accessKeyId, sessionToken) {
    if (sessionToken === "old")
      throw new AwsError("ExpiredToken", "The security token included in the request is expired");
    if (accessKeyId !== testCredentials.accessKeyId) {
      throw new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
    }
    const arn = "arn:aws:iam::123456789012:user/tester";
    return {
      caller: { kind: "user", arn, accountId: "123456789012", name: "tester", accessKeyId },
      secret: testCredentials.secretAccessKey,
    };
  },
};

/** A served kernel with one service made of these operations; what each was called with is kept by name. */
export async function fakeCloud(serviceId: string, operations: Record<string, Operation["run"]>) {
  const inputs: Record<string, unknown> = {};
  const lines: string[] = [];
  const kernel = new Kernel(settingsWith({ log: (line) => lines.push(line) }), new VirtualClock());
  kernel.judge = () => undefined;
  kernel.register({
    id: serviceId,
    operations: Object.fromEntries(
      Object.entries(operations).map(([name, run]): [string, Operation] => [
        name,
        {
          run(input, call) {
            inputs[name] = input;
            return run(input, call);
          },
        },
      ]),
    ),
  });
  const server = await startServer(kernel, source, { port: 0 });
  const config = { endpoint: server.url, region: "us-east-1", credentials: testCredentials, maxAttempts: 1 };
  return { kernel, server, config, inputs, lines };
}
