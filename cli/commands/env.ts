import type { Command } from "commander";
import { examples, runs, type Surroundings } from "../command.ts";
import { nothingDone, wrongUsage } from "../failure.ts";

/** `kiln env`: what the AWS CLI and SDKs need to talk to the embedded cloud. */
export function addEnv(program: Command, surroundings: Surroundings): void {
  const command = program.command("env").description("print what points the AWS CLI and SDKs at the embedded cloud");
  examples(command, 'eval "$(npm run --silent kiln -- env)"', "aws s3 ls");
  runs(command, surroundings, nothingDone, async (context) => {
    const { endpoint, region, credentials } = await context.connection();
    if (endpoint === undefined || credentials === undefined) {
      throw wrongUsage("This is not the embedded cloud.", "Leave out --aws; use your own profile for AWS.");
    }
    const environment = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region ?? "",
      AWS_DEFAULT_REGION: region ?? "",
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${value}`);
    return { json: environment, text: ["unset AWS_SESSION_TOKEN AWS_PROFILE", ...lines].join("\n") };
  });
}
