import { setTimeout as delay } from "node:timers/promises";
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { type Connection, clientConfiguration } from "../../cli/aws/connection.ts";

/** Tag on everything that a check makes; its value names the run. */
export const verifyTag = "kiln:verify";

export interface AccountOptions {
  connection: Connection;
  /** Names this run in tags and names. */
  runId: string;
  /** Between two looks at something that takes its time. Unit: milliseconds of real time. */
  pollMs: number;
  say: (line: string) => void;
}

/** The account that checks are made in: clients, names, tags, and the duty to take everything away again. */
export class Account {
  readonly #options: AccountOptions;
  readonly #duties: { what: string; undo: () => Promise<unknown> }[] = [];
  readonly #made: { destroy(): void }[] = [];
  readonly ec2: EC2Client;
  readonly ebs: EBSClient;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly scaling: AutoScalingClient;
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly ssm: SSMClient;
  readonly sts: STSClient;
  readonly iam: IAMClient;
  readonly events: EventBridgeClient;

  constructor(options: AccountOptions) {
    this.#options = options;
    const settings = clientConfiguration(options.connection);
    this.ec2 = this.#kept(new EC2Client(settings));
    this.ebs = this.#kept(new EBSClient(settings));
    this.elb = this.#kept(new ElasticLoadBalancingV2Client(settings));
    this.scaling = this.#kept(new AutoScalingClient(settings));
    this.s3 = this.#kept(new S3Client(settings));
    this.sfn = this.#kept(new SFNClient(settings));
    this.ssm = this.#kept(new SSMClient(settings));
    this.sts = this.#kept(new STSClient(settings));
    this.iam = this.#kept(new IAMClient(settings));
    this.events = this.#kept(new EventBridgeClient(settings));
  }

  get connection(): Connection {
    return this.#options.connection;
  }

  /** A name nobody else has. */
  name(what: string): string {
    return `kiln-verify-${what}-${this.#options.runId}`;
  }

  get tags(): { Key: string; Value: string }[] {
    return [{ Key: verifyTag, Value: this.#options.runId }];
  }

  /** Remembers how to take away what is about to be made. Last made, first taken away. */
  cleanUp(what: string, undo: () => Promise<unknown>): void {
    this.#duties.push({ what, undo });
  }

  /** Takes everything away, trying again while things are in use. Returns what could not be taken away. */
  async leave(): Promise<string[]> {
    const left: string[] = [];
    for (const { what, undo } of this.#duties.splice(0).reverse()) {
      if (!(await this.#undone(undo))) left.push(what);
    }
    return left;
  }

  destroy(): void {
    for (const client of this.#made) client.destroy();
  }

  /** Looks until there is something to see. @throws {Error} when it has not come within ten minutes. */
  async until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      if (performance.now() > giveUpAt) throw new Error(`waited ${patienceMs / 60_000} minutes in vain for ${what}`);
      await delay(this.#options.pollMs);
    }
  }

  async #undone(undo: () => Promise<unknown>): Promise<boolean> {
    let notFoundInARow = 0;
    for (let attempt = 0; attempt < cleanUpAttempts; attempt++) {
      try {
        await undo();
        return true;
      } catch (error) {
        const { name, message } = error as Error;
        notFoundInARow = isGone(name, message) ? notFoundInARow + 1 : 0;
        if (notFoundInARow === believedGone) return true;
        if (notFoundInARow === 0) this.#options.say(`  not taken away yet: ${name}: ${message}`);
        await delay(this.#options.pollMs * 5);
      }
    }
    return false;
  }

  #kept<C extends { destroy(): void }>(client: C): C {
    this.#made.push(client);
    return client;
  }
}

/** Unit: milliseconds. */
const patienceMs = 600_000;

/** With five polls between two, two minutes on AWS: longer than an instance takes to be gone. */
const cleanUpAttempts = 12;

/** What was just made may not be found for a moment, so one such answer proves nothing. */
const believedGone = 3;

function isGone(name: string, message: string): boolean {
  return /NotFound|NoSuch|DoesNotExist|InvalidAMIID.Unavailable|not found/i.test(`${name} ${message}`);
}
