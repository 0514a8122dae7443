import { describe, expect, it } from "vitest";
import { RangePuts } from "../../../shared/baking/range-puts.ts";
import { BlockWindow, windowBlocks } from "../../../shared/domain/block-window.ts";
import { maxUnderWay } from "../../../shared/domain/put-pace.ts";

const block = (index: number) => ({ index, bytes: new Uint8Array(), sha256: new Uint8Array() });

/** A turn of the event loop, in which everything that was sent is answered. */
const answers = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A store that bears so many blocks at once and has the others sent a second time; counts what is under way. */
function storeBearing(capacity: number) {
  const seen = { underWay: 0, most: 0, refused: 0, lately: [] as number[] };
  const put = async () => {
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    seen.lately = [...seen.lately.slice(-99), seen.underWay];
    const refused = seen.underWay > capacity;
    await answers();
    if (refused) await answers();
    seen.underWay -= 1;
    seen.refused += refused ? 1 : 0;
    return refused ? 2 : 1;
  };
  return { seen, put };
}

async function sendAll(puts: RangePuts, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    if (!(await puts.send(block(index)))) break;
  }
}

describe("the blocks under way", () => {
  it("are never more than memory allows, however fast AWS is", async () => {
    const { seen, put } = storeBearing(1000);
    const puts = new RangePuts({ put, record: async () => {} }, new BlockWindow(0, 5000));
    await sendAll(puts, 2000);
    expect(await puts.settle()).toBeUndefined();
    expect(seen.most).toBe(maxUnderWay);
  });

  it("become about as many as AWS bears", async () => {
    const { seen, put } = storeBearing(6);
    const window = new BlockWindow(0, 5000);
    const puts = new RangePuts({ put, record: async () => {} }, window);
    await sendAll(puts, 1000);
    await puts.settle();
    expect(window.written).toBe(1000);
    expect(Math.max(...seen.lately)).toBeLessThanOrEqual(8);
    expect(seen.refused).toBeLessThan(300);
  });

  it("do not run further ahead of the record than what a kill may cost", async () => {
    const sent: number[] = [];
    const never = new Promise<void>(() => {});
    const put = async ({ index }: { index: number }) => sent.push(index) && 1;
    const puts = new RangePuts({ put, record: () => never }, new BlockWindow(0, 5000));
    void sendAll(puts, 500);
    for (let turn = 0; turn < 500; turn++) await answers();
    expect(sent.length).toBe(windowBlocks);
  });

  it("are as many as ever while a record is being written that takes no longer than they do", async () => {
    const { seen, put } = storeBearing(1000);
    const record = async () => {
      await answers();
    };
    const puts = new RangePuts({ put, record }, new BlockWindow(0, 5000));
    await sendAll(puts, 1000);
    await puts.settle();
    expect(seen.lately.filter((underWay) => underWay < maxUnderWay / 2)).toEqual([]);
  });

  it("are waited for when one fails, and nothing more is sent", async () => {
    const failure = new Error("refused");
    const sent: number[] = [];
    const put = async ({ index }: { index: number }) => {
      sent.push(index);
      await answers();
      if (index === 20) throw failure;
      return 1;
    };
    const window = new BlockWindow(0, 5000);
    const puts = new RangePuts({ put, record: async () => {} }, window);
    await sendAll(puts, 500);
    expect(await puts.settle()).toEqual({ error: failure });
    expect(window.written).toBe(20);
    expect(sent.length).toBeLessThan(60);
  });
});
