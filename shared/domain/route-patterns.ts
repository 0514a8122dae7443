/**
 * How two patterns of a listener rule relate. ELBv2 knows `*` (any number of characters) and `?` (exactly one); a pattern
 * has at most 128 characters (ELBv2, "Listener rule condition types").
 */

/**
 * Whether every text that `narrow` fits is fitted by `wide` too. A yes is certain; of patterns that mix `*` and `?` side
 * by side a few are not recognised.
 */
export function patternCovers(wide: string, narrow: string): boolean {
  return related(wide, narrow, ({ a, b }) => a === "?" && b !== "*");
}

/** Whether some text fits both patterns. */
export function patternsMeet(one: string, other: string): boolean {
  return related(one, other, ({ a, b }) => a === "?" || b === "?", true);
}

/**
 * Walks both patterns at once. `*` of the first takes any part of the second; `*` of the second any part of the first only
 * when both sides may give way.
 */
function related(
  first: string,
  second: string,
  fits: (pair: { a: string; b: string }) => boolean,
  bothGiveWay = false,
): boolean {
  // reachable[j]: the first i characters of `first` go together with the first j of `second`.
  let reachable = [true];
  for (let j = 1; j <= second.length; j++)
    reachable[j] = bothGiveWay && second[j - 1] === "*" && reachable[j - 1] === true;
  for (const a of first) {
    const next = [reachable[0] === true && a === "*"];
    for (let j = 1; j <= second.length; j++) {
      const b = second.charAt(j - 1);
      const [skipA, skipB, both] = [reachable[j] === true, next[j - 1] === true, reachable[j - 1] === true];
      if (a === "*") next[j] = skipA || skipB;
      else if (bothGiveWay && b === "*") next[j] = skipB || skipA;
      else next[j] = both && (a === b || fits({ a, b }));
    }
    reachable = next;
  }
  return reachable[second.length] === true;
}
