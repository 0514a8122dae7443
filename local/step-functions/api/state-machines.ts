import type {
  CreateStateMachineCommandInput,
  CreateStateMachineCommandOutput,
  DeleteStateMachineCommandInput,
  DescribeStateMachineCommandInput,
  DescribeStateMachineForExecutionCommandInput,
  ListStateMachinesCommandInput,
  LoggingConfiguration,
  UpdateStateMachineCommandInput,
  UpdateStateMachineCommandOutput,
  ValidateStateMachineDefinitionCommandInput,
} from "@aws-sdk/client-sfn";
import { AwsError } from "../../core/aws-error.ts";
import type { Kernel, Operation } from "../../core/kernel.ts";
import { assumeRole } from "../integrations/role.ts";
import type { ExecutionStore } from "../machine/documents.ts";
import { assertExecutionArn, assertName, parseMachineArn, stateMachineArn } from "./arns.ts";
import { assertDefinition, describeRevision, loggingOf, validate } from "./configuration.ts";
import type { MachineDocument, MachineStore, RevisionDocument } from "./machine-documents.ts";
import { page } from "./paging.ts";
import type { Permissions } from "./permissions.ts";
import type { Versions } from "./versions.ts";

type Configuration = Pick<
  CreateStateMachineCommandInput,
  "definition" | "roleArn" | "loggingConfiguration" | "tracingConfiguration" | "encryptionConfiguration"
>;

/** Creating, changing and describing state machines. */
export class StateMachines {
  readonly #kernel: Kernel;
  readonly #store: MachineStore;
  readonly #executions: ExecutionStore;
  readonly #versions: Versions;
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(
    kernel: Kernel,
    store: MachineStore,
    executions: ExecutionStore,
    versions: Versions,
    permissions: Permissions,
  ) {
    this.#kernel = kernel;
    this.#store = store;
    this.#executions = executions;
    this.#versions = versions;
    this.operations = {
      CreateStateMachine: {
        permissions: (input: CreateStateMachineCommandInput, call) => [
          ...permissions.onNewMachine(call, input.name, input.tags),
          ...permissions.passRole(input.roleArn),
        ],
        run: (input: CreateStateMachineCommandInput) => this.#create(input),
      },
      UpdateStateMachine: {
        permissions: (input: UpdateStateMachineCommandInput, call) => [
          ...permissions.onMachine(call, input.stateMachineArn),
          ...permissions.passRole(input.roleArn),
        ],
        run: (input: UpdateStateMachineCommandInput) => this.#update(input),
      },
      DescribeStateMachine: {
        permissions: (input: DescribeStateMachineCommandInput, call) =>
          permissions.onMachine(call, input.stateMachineArn),
        run: (input: DescribeStateMachineCommandInput) => this.#describe(input),
      },
      DescribeStateMachineForExecution: {
        permissions: (input: DescribeStateMachineForExecutionCommandInput, call) =>
          permissions.onExecution(call, input.executionArn),
        run: (input: DescribeStateMachineForExecutionCommandInput) => this.#describeForExecution(input),
      },
      DeleteStateMachine: {
        permissions: (input: DeleteStateMachineCommandInput, call) =>
          permissions.onMachine(call, input.stateMachineArn),
        run: (input: DeleteStateMachineCommandInput) => this.#delete(input),
      },
      ListStateMachines: { run: (input: ListStateMachinesCommandInput) => this.#list(input) },
      ValidateStateMachineDefinition: {
        run: (input: ValidateStateMachineDefinitionCommandInput) => validate(input),
      },
    };
  }

  /** Called when an execution ended: a machine being deleted goes with its last one. */
  executionEnded(machineArn: string): void {
    const machine = this.#store.machines.get(machineArn);
    if (machine?.status === "DELETING" && !this.#isRunning(machineArn)) this.#store.remove(machineArn);
  }

  /** @throws {AwsError} StateMachineDoesNotExist or StateMachineDeleting */
  active(machineArn: string): Readonly<MachineDocument> {
    const machine = this.existing(machineArn);
    if (machine.status === "DELETING") {
      throw new AwsError("StateMachineDeleting", `State Machine is being deleted: '${machineArn}'`);
    }
    return machine;
  }

  /** @throws {AwsError} StateMachineDoesNotExist */
  existing(machineArn: string): Readonly<MachineDocument> {
    const machine = this.#store.machines.get(machineArn);
    if (!machine) throw doesNotExist(machineArn);
    return machine;
  }

  /** What an execution started with. */
  revision(revisionId: string): Readonly<RevisionDocument> {
    return this.#store.revision(revisionId);
  }

  async #create(input: CreateStateMachineCommandInput): Promise<Omit<CreateStateMachineCommandOutput, "$metadata">> {
    const name = input.name ?? "";
    assertName(name);
    if (input.type === "EXPRESS") {
      throw new AwsError("NotImplemented", "the embedded cloud does not have EXPRESS state machines", 501);
    }
    const arn = stateMachineArn(this.#kernel, name);
    const logging = loggingOf(input.loggingConfiguration);
    const existing = this.#store.machines.get(arn);
    if (existing) return this.#createAgain(this.active(arn), input, logging);
    await this.#check(input);
    const nowMs = this.#kernel.clock.now();
    const revision = this.#addRevision(arn, {
      definition: input.definition ?? "",
      roleArn: input.roleArn ?? "",
      logging,
      tracing: input.tracingConfiguration?.enabled === true,
    });
    const tags = Object.fromEntries((input.tags ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
    this.#store.machines.put(arn, {
      arn,
      name,
      type: "STANDARD",
      status: "ACTIVE",
      createdMs: nowMs,
      revisionId: revision.id,
      nextVersion: 1,
      tags,
    });
    const output = { stateMachineArn: arn, creationDate: new Date(nowMs) };
    if (!input.publish) return output;
    const version = this.#versions.publish(this.active(arn), input.versionDescription);
    return { ...output, stateMachineVersionArn: version.arn };
  }

  /** Creating what exists with the same definition and configuration answers as the first time did. */
  #createAgain(
    machine: Readonly<MachineDocument>,
    input: CreateStateMachineCommandInput,
    logging: LoggingConfiguration,
  ) {
    const revision = this.#store.revision(machine.revisionId);
    const same =
      revision.definition === input.definition &&
      revision.tracing === (input.tracingConfiguration?.enabled === true) &&
      JSON.stringify(revision.logging) === JSON.stringify(logging);
    if (!same) throw new AwsError("StateMachineAlreadyExists", `State Machine Already Exists: '${machine.arn}'`);
    return { stateMachineArn: machine.arn, creationDate: new Date(machine.createdMs) };
  }

  async #update(input: UpdateStateMachineCommandInput): Promise<Omit<UpdateStateMachineCommandOutput, "$metadata">> {
    const machine = this.active(parseMachineArn(input.stateMachineArn).arn);
    const before = this.#store.revision(machine.revisionId);
    const changes = [input.definition, input.roleArn, input.loggingConfiguration, input.tracingConfiguration];
    if (changes.every((change) => change === undefined) && !input.publish) {
      throw new AwsError(
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
      );
    }
    await this.#check(input);
    const revision = this.#addRevision(machine.arn, {
      definition: input.definition ?? before.definition,
      roleArn: input.roleArn ?? before.roleArn,
      logging: input.loggingConfiguration === undefined ? before.logging : loggingOf(input.loggingConfiguration),
      tracing: input.tracingConfiguration === undefined ? before.tracing : input.tracingConfiguration.enabled === true,
    });
    this.#store.machines.put(machine.arn, { ...this.active(machine.arn), revisionId: revision.id });
    const output = { updateDate: new Date(revision.updatedMs), revisionId: revision.id };
    if (!input.publish) return output;
    const version = this.#versions.publish(this.active(machine.arn), input.versionDescription);
    return { ...output, stateMachineVersionArn: version.arn };
  }

  /** Everything about a configuration that AWS refuses, the role's trust included. */
  async #check(input: Partial<Configuration>): Promise<void> {
    if (input.encryptionConfiguration !== undefined && input.encryptionConfiguration.type !== "AWS_OWNED_KEY") {
      throw new AwsError(
        "NotImplemented",
        "the embedded cloud does not encrypt state machines with a key of yours",
        501,
      );
    }
    if (input.definition !== undefined) await assertDefinition(input.definition);
    if (input.roleArn !== undefined) {
      if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(input.roleArn)) {
        throw new AwsError("InvalidArn", `Invalid Role Arn: '${input.roleArn}'`);
      }
      await assumeRole(this.#kernel, input.roleArn);
    }
  }

  #addRevision(
    machineArn: string,
    content: Omit<RevisionDocument, "id" | "machineArn" | "updatedMs">,
  ): RevisionDocument {
    const id = this.#kernel.random.uuid();
    const revision = { id, machineArn, updatedMs: this.#kernel.clock.now(), ...content };
    this.#store.revisions.put(id, revision);
    return revision;
  }

  #describe(input: DescribeStateMachineCommandInput) {
    const reference = parseMachineArn(input.stateMachineArn);
    const machine = this.#store.machines.get(reference.arn);
    if (!machine) throw doesNotExist(input.stateMachineArn);
    const version = reference.qualifier === undefined ? undefined : this.#versions.get(input.stateMachineArn ?? "");
    const revision = this.#store.revision(version?.revisionId ?? machine.revisionId);
    return {
      stateMachineArn: version?.arn ?? machine.arn,
      name: machine.name,
      status: machine.status,
      type: machine.type,
      creationDate: new Date(version?.createdMs ?? machine.createdMs),
      ...describeRevision(revision, input.includedData),
      ...(version?.description === undefined ? {} : { description: version.description }),
    };
  }

  #describeForExecution(input: DescribeStateMachineForExecutionCommandInput) {
    const arn = assertExecutionArn(input.executionArn);
    const execution = this.#executions.executions.get(arn);
    if (!execution) throw new AwsError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);
    const revision = this.#store.revision(execution.revisionId);
    return {
      stateMachineArn: execution.stateMachineArn,
      name: execution.stateMachineName,
      updateDate: new Date(revision.updatedMs),
      ...describeRevision(revision, input.includedData),
    };
  }

  #delete(input: DeleteStateMachineCommandInput) {
    const reference = parseMachineArn(input.stateMachineArn);
    const machine = this.#store.machines.get(reference.arn);
    if (!machine) return {};
    this.#store.machines.put(machine.arn, { ...machine, status: "DELETING" });
    this.executionEnded(machine.arn);
    return {};
  }

  #isRunning(machineArn: string): boolean {
    return this.#executions.executions
      .list()
      .some((execution) => execution.stateMachineArn === machineArn && execution.status === "RUNNING");
  }

  #list(input: ListStateMachinesCommandInput) {
    const { items, nextToken } = page(this.#store.machines.list(), input.maxResults, input.nextToken);
    const stateMachines = items.map(({ arn, name, type, createdMs }) => ({
      stateMachineArn: arn,
      name,
      type,
      creationDate: new Date(createdMs),
    }));
    return { stateMachines, ...(nextToken === undefined ? {} : { nextToken }) };
  }
}

export function doesNotExist(arn: string | undefined): AwsError {
  return new AwsError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`);
}
