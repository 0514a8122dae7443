import { describe, expect, it } from "vitest";
import { judgeProbes, problemOf } from "../../../shared/domain/probe.ts";

const right = { path: "/", status: 200, latencyMs: 3 };
const wrong = { path: "/", status: 500, latencyMs: 3, problem: "answered 500 instead of 200" };
const silent = { path: "/", problem: "connection refused" };
const once = { path: "/", status: 200, count: 1 };
const twice = { ...once, count: 2 };

describe("the verdict on probes", () => {
  it("passes when every probe was made and right", () => {
    expect(judgeProbes([twice], [[right, right]])).toEqual({
      verdict: "pass",
      reason: "2 of 2 probes right",
      samples: [right, right],
    });
    const bearing = { ...once, path: "/x", count: 2, atLeast: 1 };
    expect(
      judgeProbes(
        [twice, bearing],
        [
          [right, right],
          [right, wrong],
        ],
      ).reason,
    ).toBe("3 of 4 probes right");
  });

  it("fails on one wrong answer and names it", () => {
    const report = judgeProbes([once, { ...once, path: "/x" }], [[right], [{ ...wrong, path: "/x" }]]);
    expect(report).toMatchObject({ verdict: "fail", reason: "/x: answered 500 instead of 200 (1 of 1)" });
  });

  it("names what failed rather than what nobody knows, and the first of its kind", () => {
    const pages = ["/a", "/b", "/c"].map((path) => ({ ...once, path }));
    expect(judgeProbes(pages, [[silent], [wrong], [wrong]]).reason).toBe("/b: answered 500 instead of 200 (1 of 1)");
    expect(judgeProbes(pages, [[right], [silent], [silent]]).reason).toBe("/b: connection refused");
  });

  it("is inconclusive when nobody answered, and when a probe was not made", () => {
    expect(judgeProbes([once], [[silent]])).toMatchObject({ verdict: "inconclusive", reason: "/: connection refused" });
    expect(judgeProbes([twice], [[right]])).toMatchObject({
      verdict: "inconclusive",
      reason: "/: not every probe was made",
    });
    expect(judgeProbes([once], []).verdict).toBe("inconclusive");
  });

  it("bears as many wrong answers as the spec says, and no more", () => {
    const two = { path: "/", status: 200, count: 3, atLeast: 2 };
    expect(judgeProbes([two], [[right, wrong, right]]).verdict).toBe("pass");
    expect(judgeProbes([two], [[right, wrong, wrong]]).verdict).toBe("fail");
    expect(judgeProbes([two], [[right, wrong, silent]]).verdict).toBe("inconclusive");
    expect(judgeProbes([two], [[right, silent, silent]]).verdict).toBe("inconclusive");
  });
});

describe("an answer", () => {
  const answer = { status: 200, body: "<h1>shop</h1>", latencyMs: 80 };

  it("is right when status, body and time are", () => {
    expect(problemOf({ ...once, contains: "shop", maxMilliseconds: 80 }, answer)).toBeUndefined();
  });

  it.each([
    [{ status: 204 }, "answered 200 instead of 204"],
    [{ contains: "cart" }, 'the body lacks "cart"'],
    [{ maxMilliseconds: 79 }, "took 80 ms, 79 allowed"],
  ])("is wrong when it is not what %j asks", (asked, problem) => {
    expect(problemOf({ ...once, ...asked }, answer)).toBe(problem);
  });
});
