import { AwsError } from "./aws-error.ts";
import type { Clock } from "./clock.ts";
import { denial } from "./denial.ts";
import { Jobs } from "./jobs.ts";
import { Random, seedStride } from "./random.ts";
import { type RequestLimits, Throttle } from "./request-limits.ts";
import type { Settings } from "./settings.ts";
import { Store } from "./store.ts";

/** Who makes a call, as STS would name them. */
export interface Caller {
  /** `user`: an IAM user or the account's administrator. `role`: an assumed role. `service`: AWS itself. */
  kind: "user" | "role" | "service";
  /** ARN as it stands in error messages: `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
  arn: string;
  accountId: string;
  /** For `role`: the name of the role whose policies are judged. For `user`: the user's name. For `service`: its host, as `autoscaling.amazonaws.com`. */
  name: string;
  accessKeyId?: string;
  /**
   * For `service`: the resource it acts for, as `aws:SourceArn` (a rule that sends to a queue). Such a call is made as the
   * service principal and needs the target's own resource policy; one without it is made under a service-linked role.
   */
  sourceArn?: string;
}

/** One permission a call needs: judged against the caller's policies before the operation runs. */
export interface Requirement {
  /** For example `ec2:RegisterImage`. */
  action: string;
  /** ARN, or `*` where the action has no resource types. */
  resource: string;
  /** Condition keys of this request, such as `aws:RequestTag/kiln:stage` or `iam:PassedToService`. */
  context?: Readonly<Record<string, string | readonly string[]>>;
}

/** What an operation knows beside its input. */
export interface Call {
  service: string;
  operation: string;
  caller: Caller;
  requestId: string;
  /** The address the request came from; `127.0.0.1` on the wire, the service's name inside the cloud. */
  sourceIp: string;
  /**
   * Judges a permission that depends on what the operation finds, and throws as AWS does when it is missing.
   * @throws {AwsError} AccessDenied or the service's own word for it.
   */
  authorize(requirement: Requirement): void;
}

/**
 * One API operation. Inputs and outputs have the shapes of the AWS SDK for JavaScript v3 (Dates, Uint8Arrays; a streaming
 * body is an AsyncIterable<Uint8Array> both ways).
 */
// biome-ignore lint/suspicious/noExplicitAny: each service narrows the input to the SDK's own type.
export interface Operation<I = any, O = unknown> {
  /** What the caller must be allowed. Left out: the action named like the operation, on every resource. */
  permissions?: (input: I, call: Pick<Call, "caller" | "operation">) => Requirement[];
  run: (input: I, call: Call) => O | Promise<O>;
}

/** One AWS service: its operations by API name. `id` is the name requests are signed for, such as `ec2` or `states`. */
export interface Service {
  readonly id: string;
  /** Prefix of its IAM actions where it differs from `id` (CloudWatch signs as `monitoring`, its actions are `cloudwatch:`). */
  readonly actionPrefix?: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** How many requests an account may make; left out where AWS publishes nothing. */
  readonly limits?: RequestLimits;
  /** Runs once after a restart, when every service is registered and before jobs start: brings back what lived in processes. */
  resume?(): void | Promise<void>;
  /** Ends processes and sockets this service started. */
  stop?(): void | Promise<void>;
}

/** Judges one requirement; the IAM service provides it. Returns undefined when allowed, else the reason for the message. */
export type Judge = (caller: Caller, requirement: Requirement) => string | undefined;

/** An event as services hand it to EventBridge's default bus. */
export interface AwsEvent {
  /** When it happened, modelled; delivery may come later. Left out: now. Unit: milliseconds since the Unix epoch. */
  atMs?: number;
  source: string;
  "detail-type": string;
  resources: string[];
  detail: Record<string, unknown>;
}

/** One call that was answered, for anyone who observes the cloud (call counts, the event log, tests). */
export interface AnsweredCall {
  service: string;
  operation: string;
  caller: Caller;
  atMs: number;
  error?: AwsError;
}

/** Signals between services that are not API calls. Add one here when a service needs to tell others something. */
export interface Signals {
  "aws.event": AwsEvent;
  "call.answered": AnsweredCall;
  "ec2.instance.changed": { instanceId: string; state: string; reason?: string };
}

/**
 * Services whose calls on a customer's behalf draw from buckets of their own, not from the customer's. Source: Elastic Load
 * Balancing user guide, "Request throttling for the Elastic Load Balancing API".
 */
const hostsWithOwnBuckets = new Set(["autoscaling.amazonaws.com", "cloudformation.amazonaws.com"]);

/**
 * The middle of the embedded cloud: it owns clock, store, jobs and randomness, knows every service, and passes each call
 * through permission check, operation and durable write. The wire and the simulation both come in through `call`.
 */
export class Kernel {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly random: Random;
  /** Modelled time of the last write before this start; undefined for a cloud that is new. */
  readonly lastWrittenMs: number | undefined;
  /** Set by the IAM service; until then every call is refused. */
  judge: Judge = () => "because no policy engine is running";
  /** Judges a service principal by the target's resource policy; the IAM service provides it. Until then all may pass. */
  judgeService: Judge = () => undefined;
  readonly #services = new Map<string, Service>();
  readonly #throttle: Throttle;
  readonly #listeners = new Map<string, Set<(signal: never) => void>>();

  constructor(settings: Settings, clock: Clock) {
    this.settings = settings;
    this.clock = clock;
    this.store = new Store(
      settings.stateDirectory === undefined ? undefined : `${settings.stateDirectory}/cloud.sqlite`,
      settings.documents,
    );
    const clockDocuments = this.store.collection<{ nowMs: number }>("core.clock");
    this.lastWrittenMs = clockDocuments.get("clock")?.nowMs;
    this.store.beforeFlush = () => clockDocuments.put("clock", { nowMs: clock.now() });
    this.jobs = new Jobs(clock, this.store, (kind, error) => settings.log(`job ${kind} failed: ${describe(error)}`));
    this.#throttle = new Throttle(clock, settings.requestLimits);
    this.random = new Random(settings.seed + this.#countStart() * seedStride);
  }

  /** How often this cloud was started before: each start draws other ids, or they would be those already given out. */
  #countStart(): number {
    const starts = this.store.collection<number>("core.starts");
    const before = starts.get("count") ?? 0;
    starts.put("count", before + 1);
    return before;
  }

  register(service: Service): void {
    if (this.#services.has(service.id)) throw new Error(`service ${service.id} is registered twice`);
    this.#services.set(service.id, service);
  }

  services(): Service[] {
    return [...this.#services.values()];
  }

  async start(): Promise<void> {
    for (const service of this.#services.values()) await service.resume?.();
    this.jobs.start();
    this.store.flush();
  }

  async stop(): Promise<void> {
    this.jobs.stop();
    for (const service of this.#services.values()) await service.stop?.();
    this.store.close();
  }

  /**
   * Makes one API call as `caller`.
   * @throws {AwsError} As AWS would answer; also for an operation this cloud lacks, naming it.
   */
  async call<O = unknown>(
    serviceId: string,
    operationName: string,
    input: unknown,
    caller: Caller,
    sourceIp = "127.0.0.1",
  ): Promise<O> {
    try {
      const output = await this.#run<O>(serviceId, operationName, input, caller, sourceIp);
      this.store.flush();
      this.emit("call.answered", { service: serviceId, operation: operationName, caller, atMs: this.clock.now() });
      return output;
    } catch (error) {
      this.store.flush();
      if (error instanceof AwsError) {
        const atMs = this.clock.now();
        this.emit("call.answered", { service: serviceId, operation: operationName, caller, atMs, error });
      }
      throw error;
    }
  }

  async #run<O>(
    serviceId: string,
    operationName: string,
    input: unknown,
    caller: Caller,
    sourceIp: string,
  ): Promise<O> {
    const service = this.#services.get(serviceId);
    const operation = service?.operations[operationName];
    if (!service || !operation) {
      throw new AwsError(
        "NotImplemented",
        `the embedded cloud does not have ${serviceId}:${operationName}; its documentation lists what it has`,
        501,
      );
    }
    if (service.limits && caller.kind !== "service" && !hostsWithOwnBuckets.has(sourceIp)) {
      this.#throttle.take(serviceId, service.limits, operationName, input);
    }
    const call: Call = {
      service: serviceId,
      operation: operationName,
      caller,
      requestId: this.random.uuid(),
      sourceIp,
      authorize: (requirement) => this.#authorize(serviceId, caller, requirement),
    };
    const prefix = service.actionPrefix ?? service.id;
    const needed = operation.permissions?.(input, call) ?? [{ action: `${prefix}:${operationName}`, resource: "*" }];
    for (const requirement of needed) this.#authorize(serviceId, caller, requirement);
    return (await operation.run(input, call)) as O;
  }

  /** The caller that stands for an AWS service acting by itself, such as Auto Scaling launching an instance. */
  serviceCaller(host: string, sourceArn?: string): Caller {
    const caller: Caller = { kind: "service", arn: host, accountId: this.settings.accountId, name: host };
    return sourceArn === undefined ? caller : { ...caller, sourceArn };
  }

  on<K extends keyof Signals>(name: K, listener: (signal: Signals[K]) => void): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    listeners.add(listener as (signal: never) => void);
    return () => listeners.delete(listener as (signal: never) => void);
  }

  emit<K extends keyof Signals>(name: K, signal: Signals[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(signal as never);
  }

  /** ARN in this cloud's account and region. */
  arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.settings.region}:${this.settings.accountId}:${resource}`;
  }

  #authorize(serviceId: string, caller: Caller, requirement: Requirement): void {
    const reason =
      caller.kind === "service" ? this.#judgeService(caller, requirement) : this.judge(caller, requirement);
    if (reason === undefined) return;
    throw denial(serviceId, caller, requirement, reason);
  }

  #judgeService(caller: Caller, requirement: Requirement): string | undefined {
    // Under service-linked roles AWS's services may do what AWS lets them.
    if (caller.sourceArn === undefined) return undefined;
    const context = { "aws:SourceArn": caller.sourceArn, ...requirement.context };
    return this.judgeService(caller, { ...requirement, context });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
