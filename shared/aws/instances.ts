import { DescribeInstancesCommand, type EC2Client, GetConsoleOutputCommand } from "@aws-sdk/client-ec2";
import { isNamed } from "../errors.ts";

/** Unit: characters of console output kept as evidence: the end says why a program did not start. */
const consoleTail = 2000;

/** Instances of a fleet, as evidence of why it failed. */
export class Instances {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /** The end of an instance's console, or undefined when it has none (yet). */
  async console(instanceId: string): Promise<string | undefined> {
    try {
      const { Output } = await this.#ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true }));
      return Output ? Buffer.from(Output, "base64").toString("utf8").slice(-consoleTail) : undefined;
    } catch (error) {
      if (isNamed(error, "InvalidInstanceID.NotFound", "UnsupportedOperation", "IncorrectInstanceState"))
        return undefined;
      throw error;
    }
  }

  /** Ids of the instances with these tags that are not gone. */
  async tagged(tags: Record<string, string>): Promise<string[]> {
    const ids: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#ec2.send(
        new DescribeInstancesCommand({
          Filters: [
            ...Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
            { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped", "shutting-down"] },
          ],
          ...(token && { NextToken: token }),
        }),
      );
      for (const { Instances = [] } of page.Reservations ?? []) {
        ids.push(...Instances.flatMap(({ InstanceId }) => (InstanceId ? [InstanceId] : [])));
      }
      token = page.NextToken;
    } while (token);
    return ids;
  }
}
