import fc from "fast-check";
import { expect, it } from "vitest";
import {
  emptyHead,
  type Head,
  isSuperseded,
  leftovers,
  promoted,
  reaped,
  rollbackTarget,
  settled,
  withDeploy,
  withRollback,
} from "../../../shared/domain/head.ts";
import { keptReleases } from "../../../shared/domain/keep.ts";
import { generationName } from "../../../shared/domain/names.ts";
import type { Intent } from "../../../shared/domain/release.ts";

type Step = { kind: "deploy" | "rollback" | "promote" | "fail" | "sweep" | "pass time"; late: boolean };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("deploy", "rollback", "promote", "fail", "sweep", "pass time"),
  late: fc.boolean(),
});

const hotMs = 3_600_000;

/** Plays one history of a service; `see` looks at the head after every step. */
function play(steps: Step[], see: (head: Head, nowMs: number) => void): void {
  let head = emptyHead("web");
  let nowMs = Date.UTC(2026, 0, 1);
  steps.forEach(({ kind, late }, index) => {
    nowMs += 1000;
    const execution = `execution-${index}`;
    const intent: Intent = {
      kind: "upload",
      time: new Date(nowMs - (late ? 5000 : 0)).toISOString(),
      tieBreak: execution,
    };
    const now = new Date(nowMs).toISOString();
    if (kind === "deploy" && !isSuperseded(head, intent))
      head = withDeploy(head, intent, execution, generationName("web", head.nextOrdinal));
    const target = rollbackTarget(head, head.live?.generation);
    if (kind === "rollback" && target)
      head = withRollback(head, { ...intent, kind: "rollback", time: now }, execution, target);
    if (kind === "promote" && head.pending) {
      const { execution: owner, generation } = head.pending;
      head = settled(promoted(head, generation, now, new Date(nowMs + hotMs).toISOString()), owner);
    }
    if (kind === "fail" && head.pending) head = settled(head, head.pending.execution);
    if (kind === "sweep") for (const generation of leftovers(head, nowMs)) head = reaped(head, generation, "sweep");
    if (kind === "pass time") nowMs += hotMs;
    see(head, nowMs);
  });
}

it("never counts what serves, stands by or is being deployed as a leftover, whatever happened before", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) =>
      play(steps, (head, nowMs) => {
        const left = leftovers(head, nowMs);
        expect(left).not.toContain(head.live?.generation);
        expect(left).not.toContain(head.pending?.generation);
        if (head.standby && Date.parse(head.standby.until) > nowMs) expect(left).not.toContain(head.standby.generation);
      }),
    ),
    { numRuns: 500, seed: 42 },
  );
});

it("loses no generation that may own something: live, standby and pending are known, and the kept ones bounded", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) =>
      play(steps, (head) => {
        for (const generation of [head.live?.generation, head.standby?.generation, head.pending?.generation]) {
          if (generation !== undefined) expect(head.known).toContain(generation);
        }
        expect(head.kept.length).toBeLessThanOrEqual(keptReleases.usual);
        expect(new Set(head.known).size).toBe(head.known.length);
        expect(head.standby?.generation ?? "none").not.toBe(head.live?.generation);
      }),
    ),
    { numRuns: 500, seed: 43 },
  );
});
