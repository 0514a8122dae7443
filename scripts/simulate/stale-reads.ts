import { AwsError } from "../../local/core/aws-error.ts";
import type { Caller, Kernel } from "../../local/core/kernel.ts";

/** One question that a handler asked AWS before. */
interface Asked {
  service: string;
  operation: string;
  input: unknown;
  caller: Caller;
}

/** What a question is answered until its time is over: the state before a change. */
interface Old {
  answer: unknown;
  untilMs: number;
}

/**
 * What describes lag behind for: names, sizes, tags, states, rules. What the load balancer finds about targets is an
 * observation and no record, and S3 answers with what was written last ("Amazon S3 data consistency model", user guide).
 */
const lagging: ReadonlySet<string> = new Set([
  "autoscaling:DescribeAutoScalingGroups",
  "autoscaling:DescribePolicies",
  "ec2:DescribeImages",
  "ec2:DescribeInstances",
  "ec2:DescribeLaunchTemplateVersions",
  "ec2:DescribeSnapshots",
  "ec2:DescribeTags",
  "elasticloadbalancing:DescribeRules",
  "elasticloadbalancing:DescribeTags",
  "elasticloadbalancing:DescribeTargetGroups",
]);

const services: ReadonlySet<string> = new Set([...lagging].map((call) => call.split(":")[0] ?? ""));

/**
 * Answers handlers with what was so before a change, for some seconds after it: a change "might not be immediately visible to
 * all subsequent commands" (EC2 API guide, "Eventual consistency"; the other two say nothing of theirs). An old answer is one that AWS
 * really gave right before the change: every question that handlers have asked in this run is asked once more then.
 */
export class StaleReads {
  /** How long after a change what was before it is still told. Unit: seconds; 0 for never. */
  seconds = 0;
  readonly #kernel: Kernel;
  readonly #asked = new Map<string, Asked>();
  readonly #old = new Map<string, Old>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** What was so before, where that is still told. */
  answerTo(asked: Asked): { answer: unknown } | undefined {
    if (this.seconds === 0 || !lagging.has(`${asked.service}:${asked.operation}`)) return undefined;
    const key = keyOf(asked);
    this.#asked.set(key, asked);
    const old = this.#old.get(key);
    if (old && old.untilMs > this.#kernel.clock.now()) return { answer: structuredClone(old.answer) };
    this.#old.delete(key);
    return undefined;
  }

  /** A handler is about to change something. */
  async beforeChange(service: string, operation: string): Promise<void> {
    if (this.seconds === 0 || !services.has(service) || operation.startsWith("Describe")) return;
    const untilMs = this.#kernel.clock.now() + this.seconds * 1000;
    for (const [key, asked] of this.#asked) {
      if (asked.service !== service || (this.#old.get(key)?.untilMs ?? 0) > this.#kernel.clock.now()) continue;
      const { operation: question, input, caller } = asked;
      const answer = await this.#answered(service, question, input, caller);
      if (answer !== undefined) this.#old.set(key, { answer, untilMs });
    }
  }

  /** Undefined where AWS refuses, as for what is gone: a refusal is never told late. */
  async #answered(service: string, operation: string, input: unknown, caller: Caller): Promise<unknown> {
    try {
      return await this.#kernel.call<unknown>(service, operation, input, caller);
    } catch (error) {
      if (error instanceof AwsError) return undefined;
      throw error;
    }
  }

  /** Everything is told as it is again. */
  end(): void {
    this.seconds = 0;
    this.#asked.clear();
    this.#old.clear();
  }
}

/** Handlers that ask the same are told the same, whoever they are. */
function keyOf({ service, operation, input }: Asked): string {
  return `${service}:${operation} ${JSON.stringify(input)}`;
}
