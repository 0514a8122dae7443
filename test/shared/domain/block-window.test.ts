import { describe, expect, it } from "vitest";
import { BlockWindow, recordedEveryBlocks, windowBlocks } from "../../../shared/domain/block-window.ts";

function beginMany(window: BlockWindow, count: number): number[] {
  return Array.from({ length: count }, () => window.begin());
}

describe("the blocks of a range", () => {
  it("are begun one after another from where the record ends", () => {
    const window = new BlockWindow(100, 200);
    expect(window.next).toBe(100);
    expect(beginMany(window, 3)).toEqual([100, 101, 102]);
    expect(window.next).toBe(103);
    expect(window.written).toBe(100);
  });

  it("count as written up to the first gap, in whichever order they finish", () => {
    const window = new BlockWindow(100, 200);
    for (const index of beginMany(window, 4).slice(1)) window.finished(index);
    expect(window.written).toBe(100);
    window.finished(100);
    expect(window.written).toBe(104);
  });

  it("are not begun further past the record than a kill may cost", () => {
    expect(windowBlocks).toBe(80);
    const window = new BlockWindow(100, 10_000);
    beginMany(window, 79);
    expect(window.mayBegin).toBe(true);
    window.begin();
    expect(window.mayBegin).toBe(false);
    // What is written helps only once it is recorded.
    window.finished(100);
    expect(window.mayBegin).toBe(false);
    window.recorded(101);
    expect(window.mayBegin).toBe(true);
  });
});

describe("a record", () => {
  it("is due once so many blocks are written since the one before", () => {
    const window = new BlockWindow(0, 1000);
    const begun = beginMany(window, 70);
    for (const index of begun.slice(0, recordedEveryBlocks - 1)) window.finished(index);
    expect(window.isRecordDue).toBe(false);
    window.finished(recordedEveryBlocks - 1);
    expect(window.isRecordDue).toBe(true);
    window.recorded(recordedEveryBlocks);
    expect(window.isRecordDue).toBe(false);
    for (const index of begun.slice(recordedEveryBlocks, 2 * recordedEveryBlocks)) window.finished(index);
    expect(window.isRecordDue).toBe(true);
  });

  it("is not due once every block is begun", () => {
    const window = new BlockWindow(0, 40);
    for (const index of beginMany(window, 39)) window.finished(index);
    expect(window.isRecordDue).toBe(true);
    window.begin();
    expect(window.isRecordDue).toBe(false);
  });

  it("never goes back when answers come in another order", () => {
    const window = new BlockWindow(0, 1000);
    window.recorded(64);
    window.recorded(32);
    beginMany(window, 143);
    expect(window.mayBegin).toBe(true);
    window.begin();
    expect(window.mayBegin).toBe(false);
  });
});
