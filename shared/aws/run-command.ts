import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { isNamed } from "../errors.ts";

/** How a command ended on its instance. */
export interface CommandEnd {
  succeeded: boolean;
  /** Systems Manager's word, with the exit code. */
  status: string;
  stdout: string;
  stderr: string;
}

/** Unit: seconds until a command that no agent took up is given up. The least that Systems Manager takes is 30. */
const deliverySeconds = 120;

/** Systems Manager's Run Command, for instances whose image ships the agent. */
export class RunCommand {
  readonly #ssm: SSMClient;

  constructor(ssm: SSMClient) {
    this.#ssm = ssm;
  }

  /** Whether the instance's agent has registered and answers. */
  async isReachable(instanceId: string): Promise<boolean> {
    const found = await this.#ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [instanceId] }] }),
    );
    return found.InstanceInformationList?.some(({ PingStatus }) => PingStatus === "Online") ?? false;
  }

  /** Sends a shell script to an instance. @returns The command's id; undefined when the agent is not there any more. */
  async send(input: {
    instanceId: string;
    script: string;
    timeoutSeconds: number;
    comment: string;
  }): Promise<string | undefined> {
    try {
      const sent = await this.#ssm.send(
        new SendCommandCommand({
          DocumentName: "AWS-RunShellScript",
          InstanceIds: [input.instanceId],
          Comment: input.comment,
          TimeoutSeconds: deliverySeconds,
          Parameters: { commands: [input.script], executionTimeout: [String(input.timeoutSeconds)] },
        }),
      );
      return sent.Command?.CommandId;
    } catch (error) {
      if (isNamed(error, "InvalidInstanceId")) return undefined;
      throw error;
    }
  }

  /** The command that was sent to an instance, if any: SendCommand takes no client token. */
  async sentTo(instanceId: string): Promise<string | undefined> {
    const found = await this.#ssm.send(new ListCommandsCommand({ InstanceId: instanceId }));
    return found.Commands?.[0]?.CommandId;
  }

  /** How a command ended; undefined while it is under way, or not shown yet. */
  async end(commandId: string, instanceId: string): Promise<CommandEnd | undefined> {
    try {
      const seen = await this.#ssm.send(
        new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
      );
      const status = seen.Status ?? "Pending";
      if (["Pending", "InProgress", "Delayed", "Cancelling"].includes(status)) return undefined;
      return {
        succeeded: status === "Success",
        status: `${status} with exit code ${seen.ResponseCode ?? -1}`,
        stdout: seen.StandardOutputContent ?? "",
        stderr: seen.StandardErrorContent ?? "",
      };
    } catch (error) {
      if (isNamed(error, "InvocationDoesNotExist")) return undefined;
      throw error;
    }
  }
}
