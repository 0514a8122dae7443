import type {
  CancelCommandCommandInput,
  GetCommandInvocationCommandInput,
  ListCommandInvocationsCommandInput,
  ListCommandsCommandInput,
  SendCommandCommandInput,
} from "@aws-sdk/client-ssm";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Requirement } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { resourceTagConditions } from "../core/tag-conditions.ts";
import { type CommandRecord, type InvocationRecord, isOver, shellDocument } from "./command-record.ts";
import { describeCommand, describeInvocation, invocationDetail } from "./command-view.ts";
import { validation } from "./errors.ts";
import type { InstanceAgents, ScriptResult } from "./instance-agents.ts";
import { checkedParameters, scriptOf } from "./shell-document.ts";

const job = "ssm.command";
const lostJob = "ssm.command-lost";

/** How often an agent that does not answer is tried again. No published figure. */
const redeliverySeconds = 5;

/** What is known of a command whose agent was never heard of again. */
const lost: ScriptResult = { exitCode: -1, stdout: "", stderr: "", timedOut: true };

/** Defaults of the document and of SendCommand. Source: AWS-RunShellScript, and SendCommand's API reference. */
const defaultExecutionSeconds = 3600;
const defaultDeliverySeconds = 3600;
/** GetCommandInvocation shows this much of each stream. Source: its API reference. */
const maxStdoutCharacters = 24_000;
const maxStderrCharacters = 8_000;
const maxInstances = 50;

/** Run Command for instances that have an agent. */
export class RunCommand {
  readonly #kernel: Kernel;
  readonly #agents: InstanceAgents;
  readonly #commands: Collection<CommandRecord>;
  readonly #invocations: Collection<InvocationRecord>;
  /** What can still be cancelled on an instance, by the invocation's key. */
  readonly #running = new Map<string, AbortController>();
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(kernel: Kernel, agents: InstanceAgents) {
    this.#kernel = kernel;
    this.#agents = agents;
    this.#commands = kernel.store.collection("ssm.commands");
    this.#invocations = kernel.store.collection("ssm.command-invocations");
    kernel.jobs.on<{ key: string }>(job, ({ key }) => this.#begin(key));
    kernel.jobs.on<{ key: string }>(lostJob, ({ key }) => this.#finish(key, lost));
    this.operations = {
      SendCommand: {
        permissions: (input: SendCommandCommandInput) => this.#requirements(input),
        run: (input: SendCommandCommandInput) => this.#send(input),
      },
      CancelCommand: { run: (input: CancelCommandCommandInput) => this.#cancel(input) },
      GetCommandInvocation: { run: (input: GetCommandInvocationCommandInput) => this.#get(input) },
      ListCommandInvocations: {
        run: (input: ListCommandInvocationsCommandInput) => ({
          CommandInvocations: this.#listed(input).map((one) =>
            describeInvocation(one, this.#commands.get(one.commandId)?.comment ?? "", input.Details ?? false),
          ),
        }),
      },
      ListCommands: {
        run: (input: ListCommandsCommandInput) => ({
          Commands: this.#commands
            .list(input.CommandId)
            .filter((one) => input.InstanceId === undefined || one.instanceIds.includes(input.InstanceId))
            .map((one) => describeCommand(one, this.#invocations.list(`${one.id}|`))),
        }),
      },
    };
  }

  /** Running a command needs the permission on the document and on every instance. Source: SSM's published IAM data. */
  #requirements(input: SendCommandCommandInput): Requirement[] {
    const { region, accountId } = this.#kernel.settings;
    const document = { action: "ssm:SendCommand", resource: `arn:aws:ssm:${region}::document/${input.DocumentName}` };
    const registered = this.#agents.registered();
    const instances = this.#targets(input).map((instanceId) => {
      const tags = registered.find((one) => one.instanceId === instanceId)?.tags;
      const own = Object.entries(tags ?? {}).map(([key, value]) => [`ssm:resourceTag/${key}`, value]);
      return {
        action: "ssm:SendCommand",
        resource: `arn:aws:ec2:${region}:${accountId}:instance/${instanceId}`,
        context: { ...resourceTagConditions(tags), ...Object.fromEntries(own) },
      };
    });
    return [document, ...instances];
  }

  #targets(input: SendCommandCommandInput): string[] {
    if (input.InstanceIds && input.InstanceIds.length > 0) return input.InstanceIds;
    const registered = this.#agents.registered();
    const matching = (input.Targets ?? []).map(({ Key = "", Values = [] }) => {
      if (Key === "InstanceIds") return Values;
      if (!Key.startsWith("tag:")) throw validation(`The embedded cloud has no targets by ${Key}.`);
      const tag = Key.slice("tag:".length);
      return registered.filter((one) => Values.includes(one.tags[tag] ?? "")).map((one) => one.instanceId);
    });
    const [first = [], ...others] = matching;
    return first.filter((id) => others.every((ids) => ids.includes(id)));
  }

  #send(input: SendCommandCommandInput) {
    const parameters = checkedParameters(input);
    const instanceIds = this.#targets(input);
    if (instanceIds.length > maxInstances) throw validation(`A command names at most ${maxInstances} instances.`);
    if (new Set(instanceIds).size < instanceIds.length) {
      throw new AwsError("DuplicateInstanceId", "You can't specify an instance ID in more than one association.");
    }
    const absent = instanceIds.filter((id) => !this.#isOnline(id));
    if (absent.length > 0 || instanceIds.length === 0) {
      throw new AwsError("InvalidInstanceId", `Instances [${absent.join(", ")}] not in a valid state for account`);
    }
    const now = this.#kernel.clock.now();
    const command: CommandRecord = {
      id: this.#kernel.random.uuid(),
      comment: input.Comment ?? "",
      requestedAtMs: now,
      timeoutSeconds: input.TimeoutSeconds ?? defaultDeliverySeconds,
      instanceIds,
      parameters,
    };
    this.#commands.put(command.id, command);
    for (const instanceId of instanceIds) {
      const key = `${command.id}|${instanceId}`;
      const record = { commandId: command.id, instanceId, requestedAtMs: now, exitCode: -1, stdout: "", stderr: "" };
      this.#invocations.put(key, { ...record, status: "Pending" });
      this.#deliver(key, now + this.#kernel.settings.delays.commandDeliverySeconds * 1000);
    }
    return { Command: describeCommand(command, this.#invocations.list(`${command.id}|`)) };
  }

  #isOnline(instanceId: string): boolean {
    return this.#agents.registered().some((one) => one.instanceId === instanceId && one.isOnline);
  }

  #deliver(key: string, atMs: number): void {
    this.#kernel.jobs.schedule(job, atMs, { key }, `${job}:${key}`);
  }

  /** The agent takes up the command, or is asked again until the time for its delivery is over. */
  async #begin(key: string): Promise<void> {
    const record = this.#invocations.get(key);
    const command = record && this.#commands.get(record.commandId);
    if (!record || !command || isOver(record.status)) return;
    if (this.#isOnline(record.instanceId)) {
      await this.#run(key, record, command);
      return;
    }
    const now = this.#kernel.clock.now();
    const untilMs = record.requestedAtMs + command.timeoutSeconds * 1000;
    if (now < untilMs) this.#deliver(key, Math.min(untilMs, now + redeliverySeconds * 1000));
    else this.#change({ ...record, status: "TimedOut", undelivered: true, endedAtMs: now });
  }

  /**
   * After a kill of the cloud the agent begins again what it had not finished. Source: amazon-ssm-agent resumes documents
   * that were in progress when it starts (agent/framework/processor).
   */
  async #run(key: string, record: Readonly<InvocationRecord>, command: Readonly<CommandRecord>): Promise<void> {
    this.#change({ ...record, status: "InProgress", startedAtMs: this.#kernel.clock.now() });
    const limitSeconds = Number(command.parameters["executionTimeout"]?.[0] ?? defaultExecutionSeconds);
    const cancel = new AbortController();
    this.#running.set(key, cancel);
    const limits = { limitSeconds, cancelled: cancel.signal };
    const result = await this.#agents.run(record.instanceId, scriptOf(command), limits).catch(() => undefined);
    this.#running.delete(key);
    if (result) this.#finish(key, result);
    else if (cancel.signal.aborted) return;
    // Nobody hears from an agent that is gone: the command is given up when it could have run no longer.
    else
      this.#kernel.jobs.schedule(lostJob, this.#kernel.clock.now() + limitSeconds * 1000, { key }, `${lostJob}:${key}`);
  }

  #finish(key: string, result: ScriptResult): void {
    const current = this.#invocations.get(key);
    if (!current || isOver(current.status)) return;
    this.#change({
      ...current,
      status: result.timedOut ? "TimedOut" : result.exitCode === 0 ? "Success" : "Failed",
      endedAtMs: this.#kernel.clock.now(),
      exitCode: result.exitCode,
      stdout: result.stdout.slice(0, maxStdoutCharacters),
      stderr: result.stderr.slice(0, maxStderrCharacters),
    });
  }

  /** Source of the shape: "Amazon EventBridge event patterns for Systems Manager", Run Command. */
  #change(record: InvocationRecord): void {
    this.#invocations.put(`${record.commandId}|${record.instanceId}`, record);
    const { settings } = this.#kernel;
    this.#kernel.emit("aws.event", {
      source: "aws.ssm",
      "detail-type": "EC2 Command Invocation Status-change Notification",
      resources: [`arn:aws:ec2:${settings.region}:${settings.accountId}:instance/${record.instanceId}`],
      detail: {
        "command-id": record.commandId,
        "document-name": shellDocument,
        "instance-id": record.instanceId,
        "requested-date-time": new Date(record.requestedAtMs).toISOString(),
        status: record.status,
      },
    });
  }

  #cancel(input: CancelCommandCommandInput) {
    const { id } = this.#command(input.CommandId);
    for (const record of this.#invocations.list(`${id}|`)) {
      const wanted = !input.InstanceIds?.length || input.InstanceIds.includes(record.instanceId);
      if (wanted && !isOver(record.status)) {
        this.#change({ ...record, status: "Cancelled", endedAtMs: this.#kernel.clock.now() });
        this.#running.get(`${id}|${record.instanceId}`)?.abort();
      }
    }
    return {};
  }

  #get(input: GetCommandInvocationCommandInput) {
    const command = this.#command(input.CommandId);
    const record = this.#invocations.get(`${command.id}|${input.InstanceId}`);
    if (record && this.#isVisible(record)) return invocationDetail(record, command);
    throw new AwsError(
      "InvocationDoesNotExist",
      "The command ID and managed node ID you specified didn't match any invocations.",
    );
  }

  #listed(input: ListCommandInvocationsCommandInput): InvocationRecord[] {
    if (input.CommandId !== undefined) this.#command(input.CommandId);
    if (input.Filters && input.Filters.length > 0) {
      throw new AwsError("InvalidFilterKey", "The embedded cloud has no Filters of ListCommandInvocations.");
    }
    return this.#invocations
      .list(input.CommandId)
      .filter((one) => this.#isVisible(one) && (input.InstanceId === undefined || one.instanceId === input.InstanceId));
  }

  /** A new command's invocations are not found at first. Sources: boto/boto3 issue 2701, aws/aws-cli issue 3546. */
  #isVisible({ requestedAtMs }: Readonly<InvocationRecord>): boolean {
    const { clock, settings } = this.#kernel;
    return clock.now() >= requestedAtMs + settings.delays.notFoundAfterCreateSeconds * 1000;
  }

  #command(id: string | undefined): Readonly<CommandRecord> {
    const found = this.#commands.get(id ?? "");
    if (!found) throw new AwsError("InvalidCommandId", "The specified command ID isn't valid.");
    return found;
  }
}
