import { validation } from "./errors.ts";
import { type Expression, parseExpression } from "./expression.ts";
import { aggregates, fillings, seriesFunctions } from "./math-functions.ts";
import type { Datapoint } from "./metric-store.ts";

/** A value in an expression: a number, one series, or several. */
export type MathValue = number | Datapoint[] | Datapoint[][];

/** What an expression is evaluated in. */
export interface MathScope {
  startMs: number;
  endMs: number;
  periodMs: number;
  /** A metric or another expression by its ID. @throws {AwsError} When there is none. */
  find(id: string): MathValue;
  /** All metrics of the request, for METRICS(). */
  metrics(): Datapoint[][];
}

/**
 * Evaluates a metric math expression.
 * @throws {AwsError} ValidationError, naming a function this cloud lacks.
 */
export function evaluateMath(text: string, scope: MathScope): MathValue {
  return evaluate(parseExpression(text), scope);
}

export function isSeries(value: MathValue): value is Datapoint[] {
  return Array.isArray(value) && !Array.isArray(value[0]);
}

function evaluate(expression: Expression, scope: MathScope): MathValue {
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "text":
      throw validation(`Error in expression: the text '${expression.value}' is not a value`);
    case "name":
      return scope.find(expression.name);
    case "list":
      return expression.items.map((item) => asSeries(evaluate(item, scope), scope));
    case "unary":
      return each(evaluate(expression.operand, scope), (value) => -value);
    case "binary": {
      const operator = operators[expression.operator];
      if (!operator) throw validation(`Error in expression: unknown operator ${expression.operator}`);
      return combine(evaluate(expression.left, scope), evaluate(expression.right, scope), operator);
    }
    case "call":
      return call(expression.name.toUpperCase(), expression.args, scope);
  }
}

const operators: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "^": (left, right) => left ** right,
  "==": (left, right) => Number(left === right),
  "!=": (left, right) => Number(left !== right),
  "<": (left, right) => Number(left < right),
  ">": (left, right) => Number(left > right),
  "<=": (left, right) => Number(left <= right),
  ">=": (left, right) => Number(left >= right),
  "&&": (left, right) => Number(left !== 0 && right !== 0),
  AND: (left, right) => Number(left !== 0 && right !== 0),
  "||": (left, right) => Number(left !== 0 || right !== 0),
  OR: (left, right) => Number(left !== 0 || right !== 0),
};

function call(name: string, args: Expression[], scope: MathScope): MathValue {
  if (name === "METRICS" && args.length === 0) return scope.metrics();
  if (name === "IF") return choose(args.map((arg) => evaluate(arg, scope)));
  if (name === "FILL") return fill(args, scope);
  if (name === "PERIOD") return scope.periodMs / 1000;
  const aggregate = aggregates[name];
  const series = seriesFunctions[name];
  if (!aggregate && !series) {
    throw validation(`Error in expression: the embedded cloud does not have the function ${name}`);
  }
  const [first] = args;
  if (!first) throw validation(`Error in expression: ${name} needs an argument`);
  const value = evaluate(first, scope);
  if (series) return eachSeries(value, (one) => series(one, scope.periodMs / 1000));
  if (!aggregate) return value;
  return isSeries(value) || typeof value === "number" ? overTime(value, aggregate) : across(value, aggregate);
}

/** Of one series an aggregate is a number. Source: "Functions supported for metric math". */
function overTime(value: number | Datapoint[], aggregate: (values: number[]) => number): MathValue {
  if (typeof value === "number") return value;
  return value.length === 0 ? [] : aggregate(value.map((point) => point.value));
}

/** Of several series it is a series, with what each instant has. */
function across(list: Datapoint[][], aggregate: (values: number[]) => number): Datapoint[] {
  const times = new Map<number, number[]>();
  for (const point of list.flat()) {
    const values = times.get(point.timeMs);
    if (values) values.push(point.value);
    else times.set(point.timeMs, [point.value]);
  }
  return [...times].sort(([a], [b]) => a - b).map(([timeMs, values]) => ({ timeMs, value: aggregate(values) }));
}

function eachSeries(value: MathValue, change: (series: Datapoint[]) => Datapoint[]): MathValue {
  if (typeof value === "number") return change([{ timeMs: 0, value }])[0]?.value ?? value;
  return isSeries(value) ? change(value) : value.map(change);
}

function each(value: MathValue, change: (value: number) => number): MathValue {
  return eachSeries(value, (series) => series.map(({ timeMs, value: one }) => ({ timeMs, value: change(one) })));
}

/** Two series meet at the instants both have; a number meets every instant of a series. */
function combine(left: MathValue, right: MathValue, operator: (left: number, right: number) => number): MathValue {
  const finite = (points: Datapoint[]) => points.filter((point) => Number.isFinite(point.value));
  if (typeof left === "number" && typeof right === "number") return operator(left, right);
  if (typeof right === "number")
    return eachSeries(left, (series) => finite(mapped(series, (one) => operator(one, right))));
  if (typeof left === "number")
    return eachSeries(right, (series) => finite(mapped(series, (one) => operator(left, one))));
  if (isSeries(left) && isSeries(right)) {
    const others = new Map(right.map((point) => [point.timeMs, point.value]));
    return finite(
      left.flatMap(({ timeMs, value }) => {
        const other = others.get(timeMs);
        return other === undefined ? [] : [{ timeMs, value: operator(value, other) }];
      }),
    );
  }
  const [list, single, flipped] = isSeries(right) ? [left, right, false] : [right, left, true];
  const both = (one: Datapoint[]) => (flipped ? combine(single, one, operator) : combine(one, single, operator));
  return (list as Datapoint[][]).map((one) => both(one) as Datapoint[]);
}

function mapped(series: Datapoint[], change: (value: number) => number): Datapoint[] {
  return series.map(({ timeMs, value }) => ({ timeMs, value: change(value) }));
}

function asSeries(value: MathValue, scope: MathScope): Datapoint[] {
  if (typeof value === "number") return instants(scope).map((timeMs) => ({ timeMs, value }));
  if (isSeries(value)) return value;
  throw validation("Error in expression: a list of lists is not a value");
}

function instants({ startMs, endMs, periodMs }: MathScope): number[] {
  const times: number[] = [];
  for (let timeMs = startMs; timeMs < endMs; timeMs += periodMs) times.push(timeMs);
  return times;
}

function choose([condition, yes, no]: MathValue[]): MathValue {
  if (condition === undefined || yes === undefined)
    throw validation("Error in expression: IF needs two or three arguments");
  if (typeof condition === "number") return (condition !== 0 ? yes : no) ?? [];
  if (!isSeries(condition)) throw validation("Error in expression: the condition of IF is one series");
  const at = (value: MathValue | undefined, timeMs: number) => {
    if (typeof value === "number" || value === undefined) return value;
    return (value as Datapoint[]).find((point) => point.timeMs === timeMs)?.value;
  };
  return condition.flatMap(({ timeMs, value }) => {
    const chosen = at(value !== 0 ? yes : no, timeMs);
    return chosen === undefined ? [] : [{ timeMs, value: chosen }];
  });
}

function fill([source, filling]: Expression[], scope: MathScope): MathValue {
  if (!source || !filling) throw validation("Error in expression: FILL needs two arguments");
  const value = evaluate(source, scope);
  if (typeof value === "number") return value;
  const method = filling.kind === "name" ? fillings[filling.name.toUpperCase()] : undefined;
  const times = instants(scope);
  if (method) return eachSeries(value, (series) => method(series, times));
  const other = evaluate(filling, scope);
  return eachSeries(value, (series) => {
    const known = new Map(series.map((point) => [point.timeMs, point.value]));
    const others =
      typeof other === "number" ? undefined : new Map((other as Datapoint[]).map((one) => [one.timeMs, one.value]));
    return times.flatMap((timeMs) => {
      const found = known.get(timeMs) ?? (others ? others.get(timeMs) : (other as number));
      return found === undefined ? [] : [{ timeMs, value: found }];
    });
  });
}
