/** One thing of the account that goes. */
export interface Holding {
  /** Name, id or ARN. */
  id: string;
  /** What a person should know of it; left out, there is nothing. */
  note?: string;
}

/** Things of one kind, and how they go. What is there is read anew each time, so a removal that was cut short goes on. */
export interface Removal {
  kind: string;
  list: () => Promise<Holding[]>;
  /** Asks for one to go; gone is done. It may take its time, and is asked again until the list is empty. */
  remove: (holding: Holding) => Promise<void>;
  /** Runs once nothing of the kind is left, also when there was nothing. */
  after?: () => Promise<void>;
}

/** What a removal needs of the outside. */
export interface Pace {
  sleep: (milliseconds: number) => Promise<void>;
  progress: (line: string) => void;
}

/** Unit: milliseconds between two looks at what is going. */
const lookEveryMs = 5_000;
/** Looks; draining may take an hour, and instances some minutes after it. */
const mostLooks = 1_000;

/** Removes one kind after the other, each entirely before the next. Returns how many of each there were. */
export async function removeAll(removals: readonly Removal[], pace: Pace): Promise<{ kind: string; ids: string[] }[]> {
  const removed: { kind: string; ids: string[] }[] = [];
  for (const removal of removals) removed.push({ kind: removal.kind, ids: await removeKind(removal, pace) });
  return removed;
}

async function removeKind({ kind, list, remove, after }: Removal, { sleep, progress }: Pace): Promise<string[]> {
  const seen = new Set<string>();
  for (let look = 0; ; look++) {
    const holdings = await list();
    for (const { id, note } of holdings.filter((holding) => !seen.has(holding.id))) {
      progress(`removing ${kind} ${id}${note === undefined ? "" : `: ${note}`}`);
      seen.add(id);
    }
    if (holdings.length === 0) break;
    if (look === mostLooks) throw new Error(`${kind} ${holdings.map(({ id }) => id).join(", ")} would not go away`);
    for (const holding of holdings) await remove(holding);
    if (look > 0) await sleep(lookEveryMs);
  }
  await after?.();
  return [...seen];
}

/** What would go, in its order. Nothing is changed. */
export async function planOf(
  removals: readonly Removal[],
): Promise<{ kind: string; id: string; note: string | null }[]> {
  const plan: { kind: string; id: string; note: string | null }[] = [];
  for (const { kind, list } of removals) {
    plan.push(...(await list()).map(({ id, note = null }) => ({ kind, id, note })));
  }
  return plan;
}
