import { expect, test } from "vitest";
import { maxUserDataBytes, renderUserData, type UserDataInput } from "../../boot/user-data.ts";

function input(change: Partial<UserDataInput> = {}): UserDataInput {
  return {
    stage: "dev",
    service: "web",
    generation: "web-000042",
    port: 8080,
    headerSha256: "d".repeat(64),
    stopSeconds: 30,
    environment: { GREETING: "it's $HOME", ALPHA: "1" },
    ...change,
  };
}

test("is a bash script that begins with the release's values", () => {
  const lines = renderUserData(input()).split("\n");
  expect(lines.slice(0, 8)).toEqual([
    "#!/bin/bash",
    "KILN_STAGE='dev'",
    "KILN_SERVICE='web'",
    "KILN_GENERATION='web-000042'",
    "KILN_PORT='8080'",
    `KILN_HEADER_SHA256='${"d".repeat(64)}'`,
    "KILN_STOP_SECONDS='30'",
    // ALPHA=1 and GREETING=it's $HOME, a line each.
    "KILN_ENVIRONMENT='QUxQSEE9MQpHUkVFVElORz1pdCdzICRIT01FCg=='",
  ]);
});

test("does not depend on the order in which the environment was written", () => {
  expect(renderUserData(input({ environment: { ALPHA: "1", GREETING: "it's $HOME" } }))).toBe(renderUserData(input()));
});

test("leaves at least 7 KiB for the environment", () => {
  expect(Buffer.byteLength(renderUserData(input({ environment: {} })))).toBeLessThan(maxUserDataBytes - 7 * 1024);
});

test.each<[string, Partial<UserDataInput>, string]>([
  ["a name that a shell would read as more", { service: "web';reboot;'" }, "expected service to be letters"],
  ["a port below 1024", { port: 80 }, "from 1024 to 65535, found 80"],
  ["a part of a second", { stopSeconds: 1.5 }, "from 1 to 3600, found 1.5"],
  ["a digest that is none", { headerSha256: "abc" }, "64 hex digits"],
  ["a variable with a line break", { environment: { A: "1\nB=2" } }, "environment variable A contains a line break"],
  ["a variable name with a space", { environment: { "A B": "1" } }, 'found "A B"'],
  ["a variable that Kiln sets", { environment: { PORT: "1" } }, "PORT is set by Kiln"],
  ["a variable in Kiln's name", { environment: { KILN_ROOT: "/x" } }, "KILN_ROOT is set by Kiln"],
  ["more than EC2 takes", { environment: { A: "x".repeat(16_384) } }, "user data may have 16384 bytes"],
])("refuses %s", (_, change, message) => {
  expect(() => renderUserData(input(change))).toThrow(message);
});
