/** What is coloured, by meaning: a person with another palette still reads the same words. */
export type Tone = "good" | "bad" | "warning" | "quiet" | "strong";

/** Puts a tone on a text, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

/** Words without colours. */
export const plain: Paint = (_tone, text) => text;

/** SGR codes of ECMA-48. */
const codes: Record<Tone, number> = { good: 32, bad: 31, warning: 33, quiet: 2, strong: 1 };

/**
 * Colours for a stream: only on a terminal, never when NO_COLOR is set to anything (no-color.org) or TERM is `dumb`.
 */
export function paintFor(
  stream: { isTTY?: boolean },
  environment: Record<string, string | undefined> = process.env,
): Paint {
  const colourless = !stream.isTTY || Boolean(environment["NO_COLOR"]) || environment["TERM"] === "dumb";
  return colourless ? plain : (tone, text) => `\u001b[${codes[tone]}m${text}\u001b[0m`;
}
