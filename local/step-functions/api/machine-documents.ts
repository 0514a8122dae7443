import type { LoggingConfiguration } from "@aws-sdk/client-sfn";
import type { Kernel } from "../../core/kernel.ts";
import type { Collection } from "../../core/store.ts";
import type { Definition } from "../language/definition.ts";
import type { RevisionSource } from "../machine/interpreter.ts";

/** A state machine as its API describes it; what it does is in its revision. */
export interface MachineDocument {
  arn: string;
  name: string;
  type: "STANDARD";
  status: "ACTIVE" | "DELETING";
  createdMs: number;
  /** What executions started now run. */
  revisionId: string;
  /** The number the next published version gets; numbers are never used again. */
  nextVersion: number;
  tags: Record<string, string>;
}

/** One state of a machine's definition and configuration; executions keep the one they started with. */
export interface RevisionDocument {
  id: string;
  machineArn: string;
  definition: string;
  roleArn: string;
  logging: LoggingConfiguration;
  tracing: boolean;
  updatedMs: number;
}

export interface VersionDocument {
  arn: string;
  machineArn: string;
  number: number;
  revisionId: string;
  description?: string;
  createdMs: number;
}

export interface AliasDocument {
  arn: string;
  machineArn: string;
  name: string;
  description?: string;
  routing: { versionArn: string; weight: number }[];
  createdMs: number;
  updatedMs: number;
}

/** Definitions by their texts. They are never changed, so all clouds of a process share them. */
const parsed = new Map<string, Definition>();
/** A bound for a process that sees endless new ones; a stack has a handful. */
const parsedMax = 1_000;

/** Machines, revisions, versions and aliases in the store. */
export class MachineStore implements RevisionSource {
  readonly machines: Collection<MachineDocument>;
  readonly revisions: Collection<RevisionDocument>;
  readonly versions: Collection<VersionDocument>;
  readonly aliases: Collection<AliasDocument>;

  constructor(kernel: Kernel) {
    this.machines = kernel.store.collection("states.machines");
    this.revisions = kernel.store.collection("states.revisions");
    this.versions = kernel.store.collection("states.versions");
    this.aliases = kernel.store.collection("states.aliases");
  }

  /** The parsed definition of a revision; only valid ones are ever stored. */
  definition(revisionId: string): Definition {
    const { definition: text } = this.revision(revisionId);
    let definition = parsed.get(text);
    if (!definition) {
      definition = JSON.parse(text) as Definition;
      if (parsed.size >= parsedMax) parsed.clear();
      parsed.set(text, definition);
    }
    return definition;
  }

  revision(revisionId: string): Readonly<RevisionDocument> {
    const revision = this.revisions.get(revisionId);
    if (!revision) throw new Error(`revision ${revisionId} is not in the store`);
    return revision;
  }

  versionsOf(machineArn: string): Readonly<VersionDocument>[] {
    return this.versions.list(`${machineArn}:`).filter((version) => version.machineArn === machineArn);
  }

  aliasesOf(machineArn: string): Readonly<AliasDocument>[] {
    return this.aliases.list(`${machineArn}:`).filter((alias) => alias.machineArn === machineArn);
  }

  /** Takes a machine with everything of it out of the store. Revisions stay while executions may still name them. */
  remove(machineArn: string): void {
    for (const alias of this.aliasesOf(machineArn)) this.aliases.delete(alias.arn);
    for (const version of this.versionsOf(machineArn)) this.versions.delete(version.arn);
    this.machines.delete(machineArn);
  }
}
