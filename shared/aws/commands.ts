import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { type CommandRun, hasEnded, outputTail } from "../domain/command-check.ts";
import { isNamed } from "../errors.ts";

/** A shell script for instances. */
export interface Script {
  instanceIds: readonly string[];
  script: string;
  /** How long it may run. Unit: seconds. */
  timeoutSeconds: number;
  /** At most 100 characters. */
  comment: string;
}

/** Instances one command may name. Source: SendCommand, InstanceIds. */
export const mostInstances = 50;

/** How long an agent that answers may take to take a command up. Unit: seconds; SendCommand allows 30 and more. */
const deliverySeconds = 60;

/** Runs whose output is read; two are enough to see why. */
const mostOutputs = 2;

/** Run Command: shell scripts on instances whose SSM Agent answers. */
export class Commands {
  readonly #ssm: SSMClient;
  readonly #sending: SSMClient;

  /** @param sending Makes one attempt only: a request whose answer is lost may have sent the command. */
  constructor(ssm: SSMClient, sending: SSMClient) {
    this.#ssm = ssm;
    this.#sending = sending;
  }

  /** Those of the instances whose agent answers. */
  async reachable(instanceIds: readonly string[]): Promise<string[]> {
    if (instanceIds.length === 0) return [];
    const found = await this.#ssm.send(
      new DescribeInstanceInformationCommand({
        Filters: [{ Key: "InstanceIds", Values: instanceIds.slice(0, mostInstances) }],
        MaxResults: mostInstances,
      }),
    );
    const online = (found.InstanceInformationList ?? []).filter(({ PingStatus }) => PingStatus === "Online");
    return online.flatMap(({ InstanceId }) => InstanceId ?? []).sort();
  }

  /** Sends a script once. @returns The command's id; undefined when Systems Manager refused it: then nothing runs. */
  async send({ instanceIds, script, timeoutSeconds, comment }: Script): Promise<string | undefined> {
    try {
      const sent = await this.#sending.send(
        new SendCommandCommand({
          DocumentName: "AWS-RunShellScript",
          InstanceIds: [...instanceIds],
          Comment: comment,
          TimeoutSeconds: deliverySeconds,
          Parameters: { commands: [script], executionTimeout: [String(timeoutSeconds)] },
        }),
      );
      return sent.Command?.CommandId;
    } catch (error) {
      // The instance ended or its agent fell silent in the meantime, or too many asked at once.
      if (isNamed(error, "InvalidInstanceId", "ThrottlingException")) return undefined;
      throw error;
    }
  }

  /** The command with this comment that was sent to an instance. */
  async find(instanceId: string, comment: string): Promise<string | undefined> {
    let token: string | undefined;
    do {
      const page = await this.#ssm.send(
        new ListCommandsCommand({ InstanceId: instanceId, ...(token && { NextToken: token }) }),
      );
      const found = (page.Commands ?? []).find(({ Comment }) => Comment === comment);
      if (found?.CommandId) return found.CommandId;
      token = page.NextToken;
    } while (token);
    return undefined;
  }

  /** The runs of a command, with the output of those that failed or, when none did, of the first ones. */
  async runs(commandId: string): Promise<CommandRun[]> {
    const listed = await this.#ssm.send(
      new ListCommandInvocationsCommand({ CommandId: commandId, MaxResults: mostInstances }),
    );
    const runs = (listed.CommandInvocations ?? []).map(({ InstanceId = "", Status = "Pending" }) => ({
      instanceId: InstanceId,
      status: Status,
      exitCode: -1,
      output: "",
    }));
    if (!runs.every(hasEnded)) return runs;
    const ordered = [...runs].sort((a, b) => Number(a.status === "Success") - Number(b.status === "Success"));
    const told = new Set(ordered.slice(0, mostOutputs));
    return Promise.all(runs.map((run) => (told.has(run) ? this.#detailed(commandId, run) : closed(run))));
  }

  async #detailed(commandId: string, run: CommandRun): Promise<CommandRun> {
    const detail = await this.#ssm.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: run.instanceId }),
    );
    const { ResponseCode = -1, StandardOutputContent = "", StandardErrorContent = "" } = detail;
    return {
      ...run,
      exitCode: ResponseCode,
      output: `${StandardOutputContent}${StandardErrorContent}`.slice(-outputTail),
    };
  }
}

/** A run whose output is not read has the exit status that its status means. */
function closed(run: CommandRun): CommandRun {
  return { ...run, exitCode: run.status === "Success" ? 0 : run.status === "Failed" ? 1 : -1 };
}
