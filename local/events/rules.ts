import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { parseRuleSchedule } from "../scheduler/expressions.ts";
import type { RuleDocument } from "./documents.ts";
import { type CompiledPattern, compilePattern } from "./pattern.ts";

/** Patterns by their texts. They are never changed, so all clouds of a process share them. */
const compiled = new Map<string, CompiledPattern>();
/** A bound for a process that sees endless new ones; a stack has a handful. */
const compiledMax = 1_000;

/** The rules of the default event bus, with their patterns read and their schedules planned. */
export class Rules {
  readonly #kernel: Kernel;
  readonly #rules: Collection<RuleDocument>;
  /** Patterns by their text: reading one is far dearer than judging it. */

  /** @param tick Runs when a scheduled rule is due. */
  constructor(kernel: Kernel, tick: (rule: Readonly<RuleDocument>, dueMs: number) => void) {
    this.#kernel = kernel;
    this.#rules = kernel.store.collection<RuleDocument>("events.rules");
    kernel.jobs.on<{ name: string; dueMs: number }>("events.tick", ({ name, dueMs }) => {
      const rule = this.#rules.get(name);
      if (rule?.state !== "ENABLED") return;
      tick(rule, dueMs);
      this.#planTick(rule);
    });
  }

  find(name: string): Readonly<RuleDocument> | undefined {
    return this.#rules.get(name);
  }

  /** @throws {AwsError} ResourceNotFoundException */
  get(name: string | undefined): Readonly<RuleDocument> {
    const rule = this.#rules.get(name ?? "");
    if (rule) return rule;
    throw new AwsError("ResourceNotFoundException", `Rule ${name} does not exist on EventBus default.`, 400);
  }

  list(prefix = ""): Readonly<RuleDocument>[] {
    return this.#rules.list(prefix);
  }

  /** Stores a rule; its schedule begins anew when the expression or the state changed. */
  put(rule: RuleDocument): void {
    const before = this.#rules.get(rule.name);
    this.#rules.put(rule.name, rule);
    if (before?.scheduleExpression === rule.scheduleExpression && before?.state === rule.state) return;
    this.#kernel.jobs.cancel(tickKey(rule.name));
    if (rule.state === "ENABLED") this.#planTick(rule);
  }

  delete(name: string): void {
    this.#rules.delete(name);
    this.#kernel.jobs.cancel(tickKey(name));
  }

  /** The compiled pattern of a rule, or undefined for one that only has a schedule. */
  patternOf(rule: Readonly<RuleDocument>): CompiledPattern | undefined {
    if (rule.eventPattern === undefined) return undefined;
    const known = compiled.get(rule.eventPattern);
    if (known) return known;
    const pattern = compilePattern(rule.eventPattern);
    if (compiled.size >= compiledMax) compiled.clear();
    compiled.set(rule.eventPattern, pattern);
    return pattern;
  }

  #planTick(rule: Readonly<RuleDocument>): void {
    if (rule.scheduleExpression === undefined) return;
    const now = this.#kernel.clock.now();
    const dueMs = parseRuleSchedule(rule.scheduleExpression, rule.createdAtMs)?.next(now);
    if (dueMs === undefined) return;
    this.#kernel.jobs.schedule("events.tick", dueMs, { name: rule.name, dueMs }, tickKey(rule.name));
  }
}

function tickKey(name: string): string {
  return `events.tick/${name}`;
}
