import { expect, it } from "vitest";
import { Random } from "../../../local/core/random.ts";
import { TimerQueue } from "../../../local/core/timer-queue.ts";

it("gives timers by their instants, those of one instant in the order they were added", () => {
  const queue = new TimerQueue();
  const random = new Random(1);
  const added = Array.from({ length: 200 }, (_, order) => ({ atMs: Math.floor(random.between(0, 40)), order }));
  const cancelled = new Set<number>();
  for (const { atMs, order } of added) {
    const cancel = queue.add(atMs, () => {});
    if (random.next() < 0.3) {
      cancel();
      cancelled.add(order);
    }
  }
  const taken: { atMs: number; order: number }[] = [];
  for (let first = queue.first(); first; first = queue.first()) {
    taken.push({ atMs: first.atMs, order: first.order });
    queue.takeFirst();
  }
  expect(cancelled.size).toBeGreaterThan(0);
  expect(taken).toEqual(
    added.filter(({ order }) => !cancelled.has(order)).sort((a, b) => a.atMs - b.atMs || a.order - b.order),
  );
});

it("runs nothing that was cancelled after it became the first", () => {
  const queue = new TimerQueue();
  const cancel = queue.add(1, () => {});
  queue.add(2, () => {});
  expect(queue.first()?.atMs).toBe(1);
  cancel();
  expect(queue.first()?.atMs).toBe(2);
});
