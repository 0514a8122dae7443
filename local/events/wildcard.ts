/** A wildcard pattern cut into its characters, each to be met literally, and stars for any run of them, also an empty one. */
export type WildcardTokens = readonly (string | typeof star)[];

const star = Symbol("any characters");

/** @returns The tokens, or what is wrong with the pattern in EventBridge's words. `\*` and `\\` are literal. */
export function parseWildcard(pattern: string): WildcardTokens | string {
  const tokens: (string | typeof star)[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern.charAt(index);
    if (character === "*") {
      if (tokens.at(-1) === star) return `Consecutive wildcard characters at pos ${index}`;
      tokens.push(star);
    } else if (character === "\\") {
      index++;
      const escaped = pattern.charAt(index);
      if (escaped !== "*" && escaped !== "\\") return `Invalid escape character at pos ${index}`;
      tokens.push(escaped);
    } else {
      tokens.push(character);
    }
  }
  return tokens;
}

/** Whether the whole text is met. The last star met is widened on failure, which suffices: earlier ones need not move. */
export function matchesWildcard(tokens: WildcardTokens, text: string): boolean {
  let token = 0;
  let at = 0;
  let lastStar = -1;
  let widenedTo = 0;
  while (at < text.length) {
    if (tokens[token] === star) {
      lastStar = token++;
      widenedTo = at;
    } else if (tokens[token] === text.charAt(at)) {
      token++;
      at++;
    } else if (lastStar >= 0) {
      token = lastStar + 1;
      at = ++widenedTo;
    } else {
      return false;
    }
  }
  while (tokens[token] === star) token++;
  return token === tokens.length;
}

/**
 * The most beginnings of wildcard patterns that one text may be in at once, beyond which EventBridge calls a rule too
 * complex. Source: what its open-source matcher (aws/event-ruler, MachineComplexityEvaluator) counts; the limit is not
 * published and was found by others from rules AWS accepts and refuses.
 */
const maximumBeginnings = 10;

/** A search this long is given up, and the rule called too complex: validation must stay quick. */
const maximumSteps = 20_000;

/** Whether the wildcard patterns of one field are together too complex for EventBridge. */
export function areTooComplex(patterns: readonly WildcardTokens[]): boolean {
  // The matcher sees strings with their quotes.
  const machines = patterns.map((tokens) => ['"', ...tokens, '"'] as WildcardTokens);
  const letters = new Set(machines.flat().filter((token): token is string => token !== star));
  const alphabet = [...letters, undefined];
  const start = machines.map((_tokens, machine) => ({ machine, at: -1 }));
  const pending: Position[][] = [start];
  const seen = new Set<string>();
  for (let positions = pending.pop(); positions !== undefined; positions = pending.pop()) {
    for (const letter of alphabet) {
      const next = advance(machines, positions, letter);
      if (next.length === 0) continue;
      if (beginnings(machines, next) > maximumBeginnings) return true;
      const key = next.map(({ machine, at }) => `${machine}.${at}`).join();
      if (seen.has(key)) continue;
      if (seen.size > maximumSteps) return true;
      seen.add(key);
      pending.push(next);
    }
  }
  return false;
}

/** How far a pattern has been met: the index of the last token, -1 before the first. */
interface Position {
  machine: number;
  at: number;
}

/** All positions after one more letter; undefined stands for a letter no pattern names. */
function advance(
  machines: readonly WildcardTokens[],
  positions: readonly Position[],
  letter: string | undefined,
): Position[] {
  const next = new Map<string, Position>();
  const add = (machine: number, at: number) => next.set(`${machine}.${at}`, { machine, at });
  for (const { machine, at } of positions) {
    const tokens = machines[machine] ?? [];
    const following = tokens[at + 1];
    if (tokens[at] === star) add(machine, at);
    if (following === star) {
      add(machine, at + 1);
      if (letter !== undefined && tokens[at + 2] === letter) add(machine, at + 2);
    } else if (letter !== undefined && following === letter) {
      add(machine, at + 1);
    }
  }
  return [...next.values()].sort((a, b) => a.machine - b.machine || a.at - b.at);
}

/** What meets the text so far has also met a star that comes next, as an empty run. */
function beginnings(machines: readonly WildcardTokens[], positions: readonly Position[]): number {
  const taken = new Set(positions.map(({ machine, at }) => `${machine}.${at}`));
  let count = positions.length;
  for (const { machine, at } of positions) {
    if (machines[machine]?.[at + 1] === star && !taken.has(`${machine}.${at + 1}`)) count++;
  }
  return count;
}
