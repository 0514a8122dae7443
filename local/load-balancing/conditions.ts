import { BlockList, isIP } from "node:net";
import type { RuleCondition } from "@aws-sdk/client-elastic-load-balancing-v2";
import { invalid, unsupported } from "./errors.ts";

/** Values of all conditions of a rule together, and wildcards in them. Source: quotas for Application Load Balancers. */
const valueLimit = 5;
const wildcardLimit = 5;
/** Longest comparison string. Source: the condition shapes in the Elastic Load Balancing model. */
const longestValue = 128;
const longestName = 40;

/** Fields a rule may use once only. Source: Rule.Conditions in the same model. */
const onceOnly = ["host-header", "path-pattern", "http-request-method", "source-ip"];

/**
 * Checks the conditions of a rule and gives them in the form DescribeRules answers with (host and path values both in
 * `Values` and in their own structure).
 * @throws {AwsError} ValidationError with AWS's limits.
 */
export function acceptedConditions(conditions: readonly RuleCondition[] | undefined): RuleCondition[] {
  if (!conditions?.length) throw invalid("A rule must have at least one condition");
  const accepted = conditions.map(acceptedCondition);
  for (const field of onceOnly) {
    if (accepted.filter(({ Field }) => Field === field).length > 1) {
      throw invalid(`A rule can have only one '${field}' condition`);
    }
  }
  const values = accepted.flatMap(comparisonValues);
  if (values.length > valueLimit) throw invalid(`A rule can only have '${valueLimit}' condition values`);
  const wildcards = accepted.filter(hasWildcards).flatMap(comparisonValues).join("").match(/[*?]/g)?.length ?? 0;
  if (wildcards > wildcardLimit) throw invalid(`A rule can only have '${wildcardLimit}' condition wildcards`);
  return accepted;
}

function hasWildcards({ Field }: RuleCondition): boolean {
  return Field !== "source-ip" && Field !== "http-request-method";
}

/** Every string a condition compares with, each counting as one value. */
function comparisonValues(condition: RuleCondition): string[] {
  const pairs = condition.QueryStringConfig?.Values ?? [];
  return [
    ...(condition.Values ?? []),
    ...(condition.HttpHeaderConfig?.Values ?? []),
    ...(condition.HttpRequestMethodConfig?.Values ?? []),
    ...(condition.SourceIpConfig?.Values ?? []),
    ...pairs.map(({ Key = "", Value = "" }) => `${Key}${Value}`),
  ];
}

function acceptedCondition(condition: RuleCondition): RuleCondition {
  if (condition.RegexValues?.length) throw unsupported("regular expressions in conditions (RegexValues)");
  const { Field } = condition;
  switch (Field) {
    case "host-header": {
      const Values = texts(Field, condition.HostHeaderConfig?.Values ?? condition.Values);
      if (condition.HostHeaderConfig?.RegexValues?.length) throw unsupported("regular expressions in host conditions");
      for (const value of Values) {
        if (!/^[-A-Za-z0-9.*?_]+$/.test(value)) throw invalid(`Condition value '${value}' is not a valid host`);
      }
      return { Field, Values, HostHeaderConfig: { Values } };
    }
    case "path-pattern": {
      const Values = texts(Field, condition.PathPatternConfig?.Values ?? condition.Values);
      if (condition.PathPatternConfig?.RegexValues?.length) throw unsupported("regular expressions in path conditions");
      // Source of the characters: "Path conditions" in the Application Load Balancers guide.
      for (const value of Values) {
        if (!/^[A-Za-z0-9_.$/~"'@:+&*?-]+$/.test(value))
          throw invalid(`Condition value '${value}' is not a valid path`);
      }
      return { Field, Values, PathPatternConfig: { Values } };
    }
    case "http-header": {
      const { HttpHeaderName: name = "", RegexValues } = condition.HttpHeaderConfig ?? {};
      if (RegexValues?.length) throw unsupported("regular expressions in header conditions");
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || name.length > longestName) {
        throw invalid(`HttpHeaderName '${name}' is not valid; the longest is ${longestName} characters`);
      }
      if (name.toLowerCase() === "host") throw invalid("The host header needs a host-header condition");
      return {
        Field,
        HttpHeaderConfig: { HttpHeaderName: name, Values: texts(Field, condition.HttpHeaderConfig?.Values) },
      };
    }
    case "http-request-method": {
      const Values = texts(Field, condition.HttpRequestMethodConfig?.Values);
      for (const value of Values) {
        if (!/^[A-Z_-]{1,40}$/.test(value)) throw invalid(`Condition value '${value}' is not a valid method`);
      }
      return { Field, HttpRequestMethodConfig: { Values } };
    }
    case "query-string": {
      const Values = condition.QueryStringConfig?.Values ?? [];
      texts(
        Field,
        Values.map(({ Value }) => Value ?? ""),
      );
      return { Field, QueryStringConfig: { Values } };
    }
    case "source-ip": {
      const Values = texts(Field, condition.SourceIpConfig?.Values);
      for (const value of Values)
        if (!cidr(value)) throw invalid(`Condition value '${value}' is not a valid CIDR block`);
      return { Field, SourceIpConfig: { Values } };
    }
    default:
      throw invalid(
        `Condition field '${Field}' must be one of '[path-pattern, host-header, http-header, http-request-method, query-string, source-ip]'`,
      );
  }
}

function texts(field: string, values: readonly string[] | undefined): string[] {
  if (!values?.length) throw invalid(`A condition value must be specified for '${field}'`);
  for (const value of values) {
    if (value === "") throw invalid("Condition values must not be empty");
    if (value.length > longestValue)
      throw invalid(`Condition value '${value}' is longer than ${longestValue} characters`);
  }
  return [...values];
}

function cidr(value: string): { address: string; bits: number; family: "ipv4" | "ipv6" } | undefined {
  const [address = "", bits = "", ...rest] = value.split("/");
  const version = isIP(address);
  const largest = version === 6 ? 128 : 32;
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > largest) return undefined;
  return { address, bits: Number(bits), family: version === 6 ? "ipv6" : "ipv4" };
}

/** What conditions look at in a request. */
export interface RequestFacts {
  method: string;
  host: string;
  path: string;
  /** Without the question mark; still percent-encoded. */
  query: string;
  sourceIp: string;
  /** All values of a header, in their order. `name` is in lower case. */
  header: (name: string) => readonly string[];
}

export type Matcher = (request: RequestFacts) => boolean;

/** Turns accepted conditions into one function; a request must meet all of them, any value of each. */
export function matcherOf(conditions: readonly RuleCondition[]): Matcher {
  const matchers = conditions.map(compiled);
  return (request) => matchers.every((matches) => matches(request));
}

function compiled(condition: RuleCondition): Matcher {
  switch (condition.Field) {
    case "host-header": {
      const patterns = wildcards(condition.Values, "i");
      return ({ host }) => patterns.some((pattern) => pattern.test(host));
    }
    case "path-pattern": {
      const patterns = wildcards(condition.Values, "");
      return ({ path }) => patterns.some((pattern) => pattern.test(path));
    }
    case "http-header": {
      const name = condition.HttpHeaderConfig?.HttpHeaderName?.toLowerCase() ?? "";
      const patterns = wildcards(condition.HttpHeaderConfig?.Values, "i");
      return ({ header }) => header(name).some((value) => patterns.some((pattern) => pattern.test(value)));
    }
    case "http-request-method": {
      const methods = new Set(condition.HttpRequestMethodConfig?.Values);
      return ({ method }) => methods.has(method);
    }
    case "query-string":
      return queryMatcher(condition);
    default: {
      const allowed = new BlockList();
      for (const value of condition.SourceIpConfig?.Values ?? []) {
        const block = cidr(value);
        if (block) allowed.addSubnet(block.address, block.bits, block.family);
      }
      return ({ sourceIp }) => allowed.check(sourceIp, isIP(sourceIp) === 6 ? "ipv6" : "ipv4");
    }
  }
}

/** A pair matches when its key and its value are found together; without a key, when any value matches. */
function queryMatcher(condition: RuleCondition): Matcher {
  const wanted = (condition.QueryStringConfig?.Values ?? []).map(({ Key, Value = "" }) => ({
    key: Key === undefined ? undefined : wildcard(Key, "i"),
    value: wildcard(Value, "i"),
  }));
  return ({ query }) => {
    const pairs = query.split("&").map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? { key: pair, value: "" } : { key: pair.slice(0, equals), value: pair.slice(equals + 1) };
    });
    return wanted.some(({ key, value }) =>
      pairs.some((pair) => (key === undefined || key.test(pair.key)) && value.test(pair.value)),
    );
  };
}

function wildcards(values: readonly string[] | undefined, flags: string): RegExp[] {
  return (values ?? []).map((value) => wildcard(value, flags));
}

/** `*` matches any number of characters, `?` exactly one; a backslash takes either literally. */
function wildcard(value: string, flags: string): RegExp {
  const source = value.replace(/\\([*?\\])|([*?])|([.+^${}()|[\]\\/])/g, (_, literal, wild, special) => {
    if (literal !== undefined) return `\\${literal}`;
    if (wild !== undefined) return wild === "*" ? ".*" : ".";
    return `\\${special}`;
  });
  return new RegExp(`^${source}$`, `s${flags}`);
}
