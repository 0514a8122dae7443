import type {
  CreateStateMachineAliasCommandInput,
  DeleteStateMachineAliasCommandInput,
  DeleteStateMachineVersionCommandInput,
  DescribeStateMachineAliasCommandInput,
  ListStateMachineAliasesCommandInput,
  ListStateMachineVersionsCommandInput,
  PublishStateMachineVersionCommandInput,
  RoutingConfigurationListItem,
  UpdateStateMachineAliasCommandInput,
} from "@aws-sdk/client-sfn";
import { AwsError } from "../../core/aws-error.ts";
import type { Kernel, Operation } from "../../core/kernel.ts";
import { assertName, isVersion, parseMachineArn } from "./arns.ts";
import type { AliasDocument, MachineDocument, MachineStore, VersionDocument } from "./machine-documents.ts";
import { page } from "./paging.ts";
import type { Permissions } from "./permissions.ts";

/** Published versions and the aliases that route to them. */
export class Versions {
  readonly #kernel: Kernel;
  readonly #store: MachineStore;
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(kernel: Kernel, store: MachineStore, permissions: Permissions) {
    this.#kernel = kernel;
    this.#store = store;
    const onMachine = (arn: string | undefined, call: { operation: string }) => permissions.onMachine(call, arn);
    this.operations = {
      PublishStateMachineVersion: {
        permissions: (input: PublishStateMachineVersionCommandInput, call) => onMachine(input.stateMachineArn, call),
        run: (input: PublishStateMachineVersionCommandInput) => this.#publish(input),
      },
      ListStateMachineVersions: {
        permissions: (input: ListStateMachineVersionsCommandInput, call) => onMachine(input.stateMachineArn, call),
        run: (input: ListStateMachineVersionsCommandInput) => this.#listVersions(input),
      },
      DeleteStateMachineVersion: {
        permissions: (input: DeleteStateMachineVersionCommandInput, call) =>
          onMachine(input.stateMachineVersionArn, call),
        run: (input: DeleteStateMachineVersionCommandInput) => this.#deleteVersion(input),
      },
      CreateStateMachineAlias: {
        permissions: (input: CreateStateMachineAliasCommandInput, call) =>
          onMachine(input.routingConfiguration?.[0]?.stateMachineVersionArn, call),
        run: (input: CreateStateMachineAliasCommandInput) => this.#createAlias(input),
      },
      UpdateStateMachineAlias: {
        permissions: (input: UpdateStateMachineAliasCommandInput, call) => onMachine(input.stateMachineAliasArn, call),
        run: (input: UpdateStateMachineAliasCommandInput) => this.#updateAlias(input),
      },
      DescribeStateMachineAlias: {
        permissions: (input: DescribeStateMachineAliasCommandInput, call) =>
          onMachine(input.stateMachineAliasArn, call),
        run: (input: DescribeStateMachineAliasCommandInput) => describeAlias(this.#alias(input.stateMachineAliasArn)),
      },
      DeleteStateMachineAlias: {
        permissions: (input: DeleteStateMachineAliasCommandInput, call) => onMachine(input.stateMachineAliasArn, call),
        run: (input: DeleteStateMachineAliasCommandInput) => {
          this.#store.aliases.delete(this.#alias(input.stateMachineAliasArn).arn);
          return {};
        },
      },
      ListStateMachineAliases: {
        permissions: (input: ListStateMachineAliasesCommandInput, call) => onMachine(input.stateMachineArn, call),
        run: (input: ListStateMachineAliasesCommandInput) => this.#listAliases(input),
      },
    };
  }

  /** @throws {AwsError} StateMachineDoesNotExist */
  get(versionArn: string): Readonly<VersionDocument> {
    const version = this.#store.versions.get(versionArn);
    if (!version) throw new AwsError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${versionArn}'`);
    return version;
  }

  /** Publishing a revision that already is the newest version answers with that version. */
  publish(machine: Readonly<MachineDocument>, description: string | undefined): Readonly<VersionDocument> {
    const newest = this.#store.versionsOf(machine.arn).sort((a, b) => b.number - a.number)[0];
    if (newest?.revisionId === machine.revisionId) return newest;
    const version: VersionDocument = {
      arn: `${machine.arn}:${machine.nextVersion}`,
      machineArn: machine.arn,
      number: machine.nextVersion,
      revisionId: machine.revisionId,
      createdMs: this.#kernel.clock.now(),
      ...(description === undefined ? {} : { description }),
    };
    this.#store.versions.put(version.arn, version);
    this.#store.machines.put(machine.arn, { ...machine, nextVersion: machine.nextVersion + 1 });
    return version;
  }

  /** The version an alias sends this execution to; weights are drawn for. */
  route(aliasArn: string): Readonly<VersionDocument> {
    const alias = this.#store.aliases.get(aliasArn);
    const first = alias?.routing[0];
    if (!alias || !first) throw new AwsError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${aliasArn}'`);
    const drawn = this.#kernel.random.next() * 100;
    const chosen = drawn < first.weight ? first : (alias.routing[1] ?? first);
    return this.get(chosen.versionArn);
  }

  #publish(input: PublishStateMachineVersionCommandInput) {
    const machine = this.#store.machines.get(parseMachineArn(input.stateMachineArn).arn);
    if (!machine) {
      throw new AwsError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${input.stateMachineArn}'`);
    }
    if (input.revisionId !== undefined && input.revisionId !== machine.revisionId) {
      throw new AwsError(
        "ConflictException",
        `Failed to publish the State Machine version for revision ${input.revisionId}`,
      );
    }
    const version = this.publish(machine, input.description);
    return { creationDate: new Date(version.createdMs), stateMachineVersionArn: version.arn };
  }

  #listVersions(input: ListStateMachineVersionsCommandInput) {
    const versions = this.#store
      .versionsOf(parseMachineArn(input.stateMachineArn).arn)
      .sort((a, b) => b.number - a.number);
    const { items, nextToken } = page(versions, input.maxResults, input.nextToken);
    return {
      stateMachineVersions: items.map(({ arn, createdMs }) => ({
        stateMachineVersionArn: arn,
        creationDate: new Date(createdMs),
      })),
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }

  #deleteVersion(input: DeleteStateMachineVersionCommandInput) {
    const arn = input.stateMachineVersionArn ?? "";
    const reference = parseMachineArn(arn);
    const users = this.#store
      .aliasesOf(reference.arn)
      .filter((alias) => alias.routing.some(({ versionArn }) => versionArn === arn))
      .map((alias) => alias.name);
    if (users.length > 0) {
      throw new AwsError(
        "ConflictException",
        `Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [${users.join(", ")}]`,
      );
    }
    this.#store.versions.delete(arn);
    return {};
  }

  #createAlias(input: CreateStateMachineAliasCommandInput) {
    const name = input.name ?? "";
    assertName(name);
    if (isVersion(name)) throw new AwsError("InvalidName", `Invalid Name: '${name}'`);
    const { machineArn, routing } = this.#routing(input.routingConfiguration);
    const arn = `${machineArn}:${name}`;
    const existing = this.#store.aliases.get(arn);
    if (existing && JSON.stringify(existing.routing) !== JSON.stringify(routing)) {
      throw new AwsError(
        "ConflictException",
        "Failed to create alias because an alias with the same name and a different routing configuration already exists.",
      );
    }
    const nowMs = this.#kernel.clock.now();
    const alias: AliasDocument = existing ?? { arn, machineArn, name, routing, createdMs: nowMs, updatedMs: nowMs };
    this.#store.aliases.put(arn, {
      ...alias,
      ...(input.description === undefined ? {} : { description: input.description }),
    });
    return { stateMachineAliasArn: arn, creationDate: new Date(alias.createdMs) };
  }

  #updateAlias(input: UpdateStateMachineAliasCommandInput) {
    const alias = this.#alias(input.stateMachineAliasArn);
    const updatedMs = this.#kernel.clock.now();
    const changed: AliasDocument = { ...alias, updatedMs };
    if (input.description !== undefined) changed.description = input.description;
    if (input.routingConfiguration !== undefined) {
      const { machineArn, routing } = this.#routing(input.routingConfiguration);
      if (machineArn !== alias.machineArn) {
        throw new AwsError(
          "ValidationException",
          "Routing configuration must contain versions of the alias' own state machine",
        );
      }
      changed.routing = routing;
    }
    this.#store.aliases.put(alias.arn, changed);
    return { updateDate: new Date(updatedMs) };
  }

  /** @throws {AwsError} ValidationException or ResourceNotFound */
  #routing(items: RoutingConfigurationListItem[] | undefined): {
    machineArn: string;
    routing: AliasDocument["routing"];
  } {
    const routing = (items ?? []).map((item) => ({
      versionArn: item.stateMachineVersionArn ?? "",
      weight: item.weight ?? 0,
    }));
    const machines = new Set(routing.map(({ versionArn }) => parseMachineArn(versionArn).arn));
    const [machineArn] = machines;
    const total = routing.reduce((sum, { weight }) => sum + weight, 0);
    if (machineArn === undefined || machines.size > 1 || routing.length > 2 || total !== 100) {
      throw new AwsError(
        "ValidationException",
        "Routing configuration must name one or two versions of one state machine, with weights that add up to 100",
      );
    }
    for (const { versionArn } of routing) {
      if (!this.#store.versions.get(versionArn)) {
        throw new AwsError("ResourceNotFound", `Resource not found: '${versionArn}'`, 400, {
          resourceName: versionArn,
        });
      }
    }
    return { machineArn, routing };
  }

  #alias(arn: string | undefined): Readonly<AliasDocument> {
    parseMachineArn(arn);
    const alias = this.#store.aliases.get(arn ?? "");
    if (!alias) throw new AwsError("ResourceNotFound", `Request references a resource that does not exist: '${arn}'`);
    return alias;
  }

  #listAliases(input: ListStateMachineAliasesCommandInput) {
    const reference = parseMachineArn(input.stateMachineArn);
    const aliases = this.#store
      .aliasesOf(reference.arn)
      .filter(
        (alias) =>
          reference.qualifier === undefined ||
          alias.routing.some(({ versionArn }) => versionArn === input.stateMachineArn),
      );
    const { items, nextToken } = page(aliases, input.maxResults, input.nextToken);
    return {
      stateMachineAliases: items.map(({ arn, createdMs }) => ({
        stateMachineAliasArn: arn,
        creationDate: new Date(createdMs),
      })),
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }
}

function describeAlias(alias: Readonly<AliasDocument>) {
  return {
    stateMachineAliasArn: alias.arn,
    name: alias.name,
    ...(alias.description === undefined ? {} : { description: alias.description }),
    routingConfiguration: alias.routing.map(({ versionArn, weight }) => ({
      stateMachineVersionArn: versionArn,
      weight,
    })),
    creationDate: new Date(alias.createdMs),
    updateDate: new Date(alias.updatedMs),
  };
}
