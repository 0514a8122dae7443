/**
 * Splits a unit file's value into words. Source: systemd.syntax(7), "Quoting", and systemd.service(5), "Command lines":
 * whitespace separates; a word may be wholly in single or double quotes; C-style escapes apply in and out of quotes.
 * @throws {SyntaxError} for a quote without its end.
 */
export function words(text: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < text.length) {
    while (/\s/.test(text[at] ?? "")) at++;
    if (at >= text.length) break;
    const { word, next } = readWord(text, at);
    found.push(word);
    at = next;
  }
  return found;
}

function readWord(text: string, from: number): { word: string; next: number } {
  let word = "";
  let quote = "";
  let at = from;
  for (; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\\") {
      const escaped = readEscape(text, at);
      word += escaped.text;
      at = escaped.last;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (/\s/.test(character)) {
      break;
    } else {
      word += character;
    }
  }
  if (quote !== "") throw new SyntaxError(`missing ${quote} in: ${text}`);
  return { word, next: at };
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  s: " ",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** Source: systemd.syntax(7), table of supported escapes; others stand for themselves. */
function readEscape(text: string, at: number): { text: string; last: number } {
  const numeric = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4}))/.exec(text.slice(at));
  if (numeric) {
    const code = Number.parseInt(numeric[1] ?? numeric[2] ?? numeric[3] ?? "", numeric[2] === undefined ? 16 : 8);
    return { text: String.fromCodePoint(code), last: at + numeric[0].length - 1 };
  }
  const next = text[at + 1] ?? "";
  return { text: escapes[next] ?? `\\${next}`, last: at + 1 };
}

/**
 * Puts variables into a command's words: `${NAME}` anywhere, `$NAME` as a word of its own, split into words there;
 * `$$` is a dollar. Source: systemd.service(5), "Command lines".
 */
export function expandVariables(list: readonly string[], environment: Readonly<Record<string, string>>): string[] {
  return list.flatMap((word) => {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (whole !== undefined) return (environment[whole] ?? "").split(/\s+/).filter((part) => part !== "");
    const text = word.replaceAll(/\$\$|\$\{([A-Za-z_]\w*)\}/g, (match, name: string | undefined) =>
      name === undefined ? (match === "$$" ? "$" : match) : (environment[name] ?? ""),
    );
    return [text];
  });
}

/** Specifiers this machine knows: `%%` and the unit's name. Source: systemd.unit(5), "Specifiers". */
export function expandSpecifiers(text: string, unitName: string): string {
  const known: Record<string, string> = { "%": "%", n: unitName, N: unitName.replace(/\.service$/, "") };
  return text.replaceAll(/%(.)/g, (match, letter: string) => known[letter] ?? match);
}

/** Lines of an environment file. Source: systemd.exec(5), EnvironmentFile=. */
export function environmentLines(text: string): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const match = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (match?.[1] !== undefined) environment[match[1]] = shellValue((match[2] ?? "").trim());
  }
  return environment;
}

/** In double quotes a backslash escapes `"`, `\`, a backquote and `$`; in single quotes nothing is special. */
function shellValue(text: string): string {
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return text.slice(1, -1);
  if (text.startsWith('"') && text.endsWith('"') && text.length > 1) {
    return text.slice(1, -1).replaceAll(/\\(["\\`$])/g, "$1");
  }
  return text.replaceAll(/\\(.)/g, "$1");
}
