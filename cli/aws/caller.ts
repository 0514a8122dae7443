import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Output } from "../output.ts";
import { clientConfiguration } from "./connection.ts";
import type { Stage } from "./stage.ts";

/**
 * ARN of whoever runs the command, for the record of what they start. Where STS cannot be asked, such as in a network with an
 * endpoint for S3 alone, nobody is named and the command goes on.
 */
export async function callerArn(stage: Pick<Stage, "connection">, output: Output): Promise<string | undefined> {
  const sts = new STSClient(clientConfiguration(stage.connection));
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
  } catch (error) {
    output.progress(`note    the record will not say who did this: ${error instanceof Error ? error.message : error}`);
    return undefined;
  } finally {
    sts.destroy();
  }
}
