import type { InputTransformer, Target } from "@aws-sdk/client-eventbridge";
import { AwsError } from "../core/aws-error.ts";
import type { EventEnvelope } from "./documents.ts";

/** What templates may name beside their own paths. */
export interface TemplateContext {
  ruleArn: string;
  ruleName: string;
  ingestionTime: string;
}

/**
 * What a target receives of an event, as JSON text (or plain text, where a template makes that).
 * Source: EventBridge user guide, "Transforming target input".
 */
export function targetInput(target: Target, event: EventEnvelope, context: TemplateContext): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(valueAt(event, target.InputPath) ?? null);
  if (target.InputTransformer !== undefined) return transformed(target.InputTransformer, event, context);
  return JSON.stringify(event);
}

/**
 * Sentences as measured in badmintoncryer/cdk-preflight, rules/events; that about InputPathsMap is only alike.
 * @throws {AwsError} ValidationException for a target whose input cannot be made.
 */
export function checkTargetInput(target: Target): void {
  const ways = [target.Input, target.InputPath, target.InputTransformer].filter((way) => way !== undefined);
  if (ways.length > 1) {
    throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${target.Id}.`);
  }
  if (target.Input !== undefined && !isJson(target.Input)) {
    throw invalid(`JSON syntax error in input for target ${target.Id}`);
  }
  const { InputTemplate: template, InputPathsMap: paths = {} } = target.InputTransformer ?? {};
  const written = target.InputPath === undefined ? [] : [target.InputPath];
  for (const path of [...written, ...Object.values(paths)]) {
    if (!parsePath(path)) throw invalid(`InputPath for target ${target.Id} is invalid.`);
  }
  if (!target.InputTransformer) return;
  const names = Object.keys(paths);
  if (names.length > 100 || names.some((name) => name.startsWith("aws.events."))) {
    throw invalid(
      "1 validation error detected: InputPathsMap may have 100 entries, none of which is a variable of AWS.",
    );
  }
  if (!template) throw invalid(`InputTemplate is required for target ${target.Id}.`);
  for (const [, name = ""] of template.matchAll(/<([\w.-]+)>/g)) {
    if (name in paths || predefined.has(name)) continue;
    throw invalid(`InputTemplate for target ${target.Id} contains invalid placeholder ${name}.`);
  }
  if (template.includes("<aws.events.event.json>") && !template.trimStart().startsWith("{")) {
    const sentence = "contains placeholder aws.events.event.json valid only for JSON template.";
    throw invalid(`InputTemplate for target ${target.Id} ${sentence}`);
  }
}

/** Source: EventBridge user guide, "Transforming target input", predefined variables. */
const predefined: ReadonlySet<string> = new Set([
  "aws.events.rule-arn",
  "aws.events.rule-name",
  "aws.events.event.ingestion-time",
  "aws.events.event",
  "aws.events.event.json",
]);

function transformed(transformer: InputTransformer, event: EventEnvelope, context: TemplateContext): string {
  const values = new Map<string, unknown>([
    ["aws.events.rule-arn", context.ruleArn],
    ["aws.events.rule-name", context.ruleName],
    ["aws.events.event.ingestion-time", context.ingestionTime],
    ["aws.events.event.json", event],
    ["aws.events.event", withoutDetail(event)],
  ]);
  for (const [name, path] of Object.entries(transformer.InputPathsMap ?? {})) {
    values.set(name, valueAt(event, path));
  }
  return fillTemplate(transformer.InputTemplate ?? "", values);
}

/** The event without its detail, with the names AWS was recorded to give (LocalStack's AWS-validated suite, test_events_inputs). */
function withoutDetail(event: EventEnvelope): Record<string, unknown> {
  const { id, account, "detail-type": detailType, time, source, region, resources, version } = event;
  return { id, account, detailType, time, source, region, resources, version };
}

/**
 * Replaces `<name>`: inside quotes by the value's text, outside by the value as JSON. A path that found nothing is empty
 * text in both places, as recorded in the same suite.
 */
function fillTemplate(template: string, values: ReadonlyMap<string, unknown>): string {
  let filled = "";
  let quoted = false;
  for (let index = 0; index < template.length; index++) {
    const character = template.charAt(index);
    if (character === "\\" && quoted) {
      filled += character + template.charAt(++index);
      continue;
    }
    if (character === '"') quoted = !quoted;
    const name = character === "<" ? /^<([\w.-]+)>/.exec(template.slice(index))?.[1] : undefined;
    if (name === undefined || !values.has(name)) {
      filled += character;
      continue;
    }
    filled += quoted ? textInQuotes(values.get(name)) : jsonOf(values.get(name));
    index += name.length + 1;
  }
  return filled;
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value === undefined ? "" : value);
}

function textInQuotes(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}

/**
 * The members and indexes of a path such as `$.detail.items[0]`, or undefined for what EventBridge does not take as one:
 * it has no names in brackets.
 */
function parsePath(path: string): (string | number)[] | undefined {
  if (!/^\$(\.[\w-]+|\[\d+\])*$/.test(path)) return undefined;
  return [...path.matchAll(/\.([\w-]+)|\[(\d+)\]/g)].map(([, member = "", index]) =>
    index === undefined ? member : Number(index),
  );
}

function valueAt(value: unknown, path: string): unknown {
  let found = value;
  for (const step of parsePath(path) ?? []) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message, 400);
}
