import fc from "fast-check";
import { expect, test } from "vitest";
import { RequestContext } from "../../../local/iam/context.ts";
import { evaluate } from "../../../local/iam/evaluate.ts";
import { parsePolicy } from "../../../local/iam/policy-document.ts";

/*
 * A second judge, written from the rules of the IAM User Guide ("Policy evaluation logic", "Condition operators") as
 * plainly as they stand there, and sharing nothing with the engine: every generated request must be judged alike.
 */

type Context = Record<string, string[]>;

interface Statement {
  Effect: "Allow" | "Deny";
  Action?: string[];
  NotAction?: string[];
  Resource?: string[];
  NotResource?: string[];
  Condition: Record<string, Record<string, string[]>>;
}

/** `*` is any text, `?` one character: character by character, without expressions. */
function like(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (pattern[0] === "*") {
    return like(pattern.slice(1), text) || (text !== "" && like(pattern, text.slice(1)));
  }
  return text !== "" && (pattern[0] === "?" || pattern[0] === text[0]) && like(pattern.slice(1), text.slice(1));
}

const positive: Record<string, (found: string, wanted: string) => boolean> = {
  StringEquals: (found, wanted) => found === wanted,
  StringEqualsIgnoreCase: (found, wanted) => found.toLowerCase() === wanted.toLowerCase(),
  StringLike: (found, wanted) => like(wanted, found),
  NumericLessThan: (found, wanted) => Number(found) < Number(wanted),
  NumericEquals: (found, wanted) => Number(found) === Number(wanted),
};

/** One operator with one key: any of the policy's values is enough, and none of them for a `Not…`. */
function holds(name: string, found: string[] | undefined, wanted: string[]): boolean {
  const ifExists = name.endsWith("IfExists");
  const [qualifier, plain = ""] = name.includes(":") ? name.split(":") : [undefined, name];
  const operator = plain.replace("IfExists", "").replace("Not", "");
  const negated = plain.includes("Not");
  if (found === undefined) {
    if (ifExists || qualifier === "ForAllValues") return true;
    return qualifier === "ForAnyValue" ? false : negated;
  }
  const one = (value: string) => wanted.some((entry) => positive[operator]?.(value, entry)) !== negated;
  if (qualifier === "ForAllValues") return found.every(one);
  if (qualifier === "ForAnyValue") return found.some(one);
  return negated ? found.every(one) : found.some(one);
}

function judged(statements: Statement[], action: string, resource: string, context: Context): string {
  const applying = statements.filter(
    (statement) =>
      (statement.Action?.some((one) => like(one.toLowerCase(), action.toLowerCase())) ?? true) &&
      !statement.NotAction?.some((one) => like(one.toLowerCase(), action.toLowerCase())) &&
      (statement.Resource?.some((one) => like(one, resource)) ?? true) &&
      !statement.NotResource?.some((one) => like(one, resource)) &&
      Object.entries(statement.Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, wanted]) => holds(operator, context[key], wanted)),
      ),
  );
  if (applying.some(({ Effect }) => Effect === "Deny")) return "deny";
  return applying.length > 0 ? "allow" : "none";
}

const actions = ["s3:GetObject", "s3:PutObject", "s3:getobject", "ec2:RunInstances"];
const actionPatterns = [...actions, "*", "s3:*", "s3:Get*", "S3:?etObject", "ec2:*Instances"];
const resources = ["arn:aws:s3:::a", "arn:aws:s3:::a/b", "arn:aws:s3:::a/b/c", "arn:aws:s3:::A/b"];
const resourcePatterns = [...resources, "*", "arn:aws:s3:::a/*", "arn:aws:s3:::?/b", "arn:aws:s3:*:*:a*"];
const values = ["x", "X", "xy", "10", "9", "y"];
const operators = ["", "ForAllValues:", "ForAnyValue:"].flatMap((qualifier) =>
  Object.keys(positive).flatMap((name) => {
    const not = name.replace(/^(String|Numeric)/, "$1Not");
    const known = name === "NumericLessThan" ? [name] : [name, not];
    return known.flatMap((one) => [`${qualifier}${one}`, `${qualifier}${one}IfExists`]);
  }),
);

const some = (from: string[]) => fc.uniqueArray(fc.constantFrom(...from), { minLength: 1, maxLength: 3 });
const condition = fc.dictionary(
  fc.constantFrom(...operators),
  fc.dictionary(fc.constantFrom("aws:k", "aws:l"), some([...values, "x*", "?"]), {
    minKeys: 1,
    maxKeys: 2,
    noNullPrototype: true,
  }),
  { maxKeys: 2, noNullPrototype: true },
);
const statement: fc.Arbitrary<Statement> = fc
  .tuple(
    fc.constantFrom("Allow" as const, "Allow" as const, "Deny" as const),
    fc.oneof(fc.record({ Action: some(actionPatterns) }), fc.record({ NotAction: some(actionPatterns) })),
    fc.oneof(fc.record({ Resource: some(resourcePatterns) }), fc.record({ NotResource: some(resourcePatterns) })),
    condition,
  )
  .map(([Effect, which, where, Condition]) => ({ Effect, ...which, ...where, Condition }));
const context = fc.dictionary(fc.constantFrom("aws:k", "aws:l"), some(values), { noNullPrototype: true });

test("five thousand generated requests are judged as the rules, read plainly, say", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(statement, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...actions),
      fc.constantFrom(...resources),
      context,
      (statements, action, resource, given) => {
        const text = JSON.stringify({ Version: "2012-10-17", Statement: statements });
        const expected = judged(statements, action, resource, given);
        seen.add(expected);
        const request = { action, resource, context: new RequestContext(given) };
        expect(evaluate([parsePolicy(text, "identity")], request)).toBe(expected);
      },
    ),
    { numRuns: 5_000, seed: 4 },
  );
  expect([...seen].sort()).toEqual(["allow", "deny", "none"]);
});
