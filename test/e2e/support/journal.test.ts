import { expect, it } from "vitest";
import { openClients } from "./aws-clients.ts";
import { Journal, type JournalCall } from "./journal.ts";

const aws = openClients({
  kind: "embedded",
  endpoint: "http://127.0.0.1:1",
  region: "us-east-1",
  credentials: undefined,
});
const refusal = Object.assign(new Error("no"), { $metadata: { httpStatusCode: 400 } });

/** What a journal finds lost after one call that was sent and looked for in these ways. */
async function lostAfter(call: Pick<JournalCall, "send" | "isThere">): Promise<string[]> {
  const stop = new AbortController();
  const send = () => {
    stop.abort();
    return call.send(aws);
  };
  const journal = new Journal([(number) => ({ what: `call ${number}`, send, isThere: call.isThere })], {
    withinSeconds: 0,
    everyMs: 0,
  });
  await journal.write(aws, stop.signal);
  return (await journal.check(aws)).lost;
}

const answered = async () => {};
const cutOff = () => Promise.reject(new Error("socket hang up"));

it("finds lost what was answered and is not there, or is there by half", async () => {
  expect(await lostAfter({ send: answered, isThere: async () => false })).toEqual([
    expect.stringContaining("call 1, which was answered"),
  ]);
  const half = async () => Promise.reject(new Error("other bytes"));
  expect(await lostAfter({ send: answered, isThere: half })).toEqual([expect.stringContaining("other bytes")]);
  expect(await lostAfter({ send: cutOff, isThere: half })).toEqual([expect.stringContaining("other bytes")]);
});

it("finds nothing lost when it is there, or when it was never answered", async () => {
  expect(await lostAfter({ send: answered, isThere: async () => true })).toEqual([]);
  expect(await lostAfter({ send: cutOff, isThere: async () => false })).toEqual([]);
});

it("takes no refusal for an answer", async () => {
  const refused = () => Promise.reject(refusal);
  expect(await lostAfter({ send: refused, isThere: async () => false })).toEqual(["call 1: Error: no"]);
});
