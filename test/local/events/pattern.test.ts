import { describe, expect, it } from "vitest";
import { compilePattern, matchesPattern } from "../../../local/events/pattern.ts";

const push = {
  source: "aws.s3",
  "detail-type": "Object Created",
  resources: ["arn:aws:s3:::clay"],
  detail: { bucket: { name: "clay" }, object: { key: "web/1.2.0.tgz", size: 1024, etag: null }, count: 3, ok: true },
};

describe("matching", () => {
  it.each<[string, object, boolean]>([
    ["equal text", { source: ["aws.s3"] }, true],
    ["other text", { source: ["aws.ec2"] }, false],
    ["one of several", { "detail-type": ["Object Deleted", "Object Created"] }, true],
    ["an element of an array", { resources: ["arn:aws:s3:::clay"] }, true],
    ["all fields", { source: ["aws.s3"], detail: { bucket: { name: ["other"] } } }, false],
    ["a number", { detail: { object: { size: [1024] } } }, true],
    ["a number written as text", { detail: { object: { size: ["1024"] } } }, false],
    ["true", { detail: { ok: [true] } }, true],
    ["null", { detail: { object: { etag: [null] } } }, true],
    ["a dotted name", { "detail.bucket.name": ["clay"] }, true],
    ["a prefix", { detail: { object: { key: [{ prefix: "web/" }] } } }, true],
    ["a prefix in another case", { detail: { object: { key: [{ prefix: { "equals-ignore-case": "WEB/" } }] } } }, true],
    ["a suffix", { detail: { object: { key: [{ suffix: ".zip" }, { suffix: ".tgz" }] } } }, true],
    ["equal but for case", { source: [{ "equals-ignore-case": "AWS.S3" }] }, true],
    ["a wildcard", { detail: { object: { key: [{ wildcard: "web/*.tgz" }] } } }, true],
    ["a wildcard for nothing", { detail: { object: { key: [{ wildcard: "web/*1.2.0.tgz" }] } } }, true],
    ["a wildcard elsewhere", { detail: { object: { key: [{ wildcard: "*/experiments/*" }] } } }, false],
    ["anything but a text", { detail: { bucket: { name: [{ "anything-but": "clay" }] } } }, false],
    ["anything but a prefix", { detail: { object: { key: [{ "anything-but": { prefix: "layers/" } }] } } }, true],
    [
      "anything but suffixes",
      { detail: { object: { key: [{ "anything-but": { suffix: [".tgz", ".zip"] } }] } } },
      false,
    ],
    ["anything but a wildcard", { detail: { object: { key: [{ "anything-but": { wildcard: "*/1.*" } }] } } }, false],
    ["anything but numbers, of null", { detail: { object: { etag: [{ "anything-but": [1, 2] }] } } }, true],
    ["anything but, of a missing field", { detail: { nothing: [{ "anything-but": "x" }] } }, false],
    ["a numeric range", { detail: { count: [{ numeric: [">", 2, "<=", 3] }] } }, true],
    ["beyond a numeric range", { detail: { count: [{ numeric: ["<", 3] }] } }, false],
    ["a field that exists", { detail: { ok: [{ exists: true }] } }, true],
    ["a field that must not exist", { detail: { ok: [{ exists: false }] } }, false],
    ["an absent field", { detail: { error: [{ exists: false }] } }, true],
    ["an object where a leaf is asked for", { detail: { bucket: [{ exists: true }] } }, false],
    ["one of $or", { detail: { $or: [{ count: [9] }, { ok: [true] }] } }, true],
    ["none of $or", { detail: { $or: [{ count: [9] }, { ok: [false] }] } }, false],
    [
      "$or beside other fields",
      { source: ["aws.ec2"], $or: [{ "detail.count": [3] }, { "detail.ok": [true] }] },
      false,
    ],
  ])("judges %s", (_name, pattern, expected) => {
    expect(matchesPattern(pattern, push)).toBe(expected);
  });

  it("matches addresses of IPv4 and IPv6 blocks", () => {
    const event = (ip: string) => ({ ip });
    expect(matchesPattern({ ip: [{ cidr: "10.0.0.0/24" }] }, event("10.0.0.255"))).toBe(true);
    expect(matchesPattern({ ip: [{ cidr: "10.0.0.0/24" }] }, event("10.0.1.0"))).toBe(false);
    expect(matchesPattern({ ip: [{ cidr: "2001:db8::/32" }] }, event("2001:db8:ffff::1"))).toBe(true);
    expect(matchesPattern({ ip: [{ cidr: "2001:db8::/32" }] }, event("::ffff:10.0.0.1"))).toBe(false);
    expect(matchesPattern({ ip: [{ cidr: "0.0.0.0/0" }] }, event("no address"))).toBe(false);
  });

  it("does not mix fields of different elements of an array", () => {
    const event = {
      owners: [
        { name: "ann", age: 30 },
        { name: "bob", age: 40 },
      ],
    };
    expect(matchesPattern({ owners: { name: ["ann"], age: [30] } }, event)).toBe(true);
    expect(matchesPattern({ owners: { name: ["ann"], age: [40] } }, event)).toBe(false);
  });
});

describe("patterns", () => {
  it.each<[object | string, string]>([
    ["{", "JSON"],
    [{}, "Empty objects are not allowed"],
    [{ source: [] }, "Empty arrays are not allowed"],
    [{ source: "aws.s3" }, '"source" must be an object or an array'],
    [{ source: [["aws.s3"]] }, "Match value must be String, number, true, false, or null"],
    [{ source: [{ contains: "s3" }] }, "Unrecognized match type contains"],
    [{ source: [{ prefix: "a", suffix: "b" }] }, "Only one key allowed in match expression"],
    [{ source: [{ prefix: ["aws"] }] }, "prefix match pattern must be a string"],
    [{ source: [{ "anything-but": null }] }, "Value of anything-but must be an array or single string/number value."],
    [{ source: [{ "anything-but": ["a", 1] }] }, "mixed type is not supported"],
    [{ source: [{ "anything-but": { prefix: "" } }] }, "Null prefix/suffix not allowed"],
    [{ count: [{ numeric: ["<", 1, ">", 2] }] }, "Too many elements in numeric expression"],
    [{ count: [{ numeric: [">", 5, "<", 5] }] }, "Bottom must be less than top"],
    [{ count: [{ numeric: [">", "1"] }] }, "Value of > must be numeric"],
    [{ ip: [{ cidr: "10.0.0.0" }] }, "Malformed CIDR, one '/' required"],
    [{ ip: [{ cidr: "10.0.0.0/33" }] }, "mask bits"],
    [{ key: [{ wildcard: "a**b" }] }, "Consecutive wildcard characters"],
    [{ key: [{ wildcard: "a\\b" }] }, "Invalid escape character"],
    [{ key: [{ wildcard: "*a*a*a*a*a*a*a*" }] }, "Rule is too complex"],
    [{ key: [{ exists: "yes" }] }, "exists match pattern must be either true or false."],
    [{ $or: [{ a: [1] }] }, "There must have at least 2 Objects in $or relationship."],
    [{ $or: [{ prefix: ["a"] }, { b: [1] }] }, "reserved"],
  ])("refuses %j", (pattern, reason) => {
    expect(() => compilePattern(pattern)).toThrow(reason);
    expect(() => compilePattern(pattern)).toThrow(/^Event pattern is not valid\. Reason: /);
  });

  it("are accepted with as many wildcards as AWS accepts", () => {
    compilePattern({ key: [{ wildcard: "/Users/*/dir/dir/dir/dir/dir/doc.txt" }] });
    compilePattern({ key: [{ wildcard: "*/layers/*.tgz" }, { wildcard: "*/layers/*.zip" }] });
  });
});
