/**
 * Finds every command a bash script could run, by reading it: quotes, substitutions, here-documents and the compound
 * commands that `boot.sh` uses are understood. A command whose name is only known when it runs is reported as written.
 */
export function commandsIn(script: string): { commands: Set<string>; functions: Set<string> } {
  const reader = new Reader(script);
  reader.list(script.length);
  return { commands: reader.commands, functions: reader.functions };
}

const keywords = new Set(
  "if then elif else fi while until do done for case esac in select function ! { } time".split(" "),
);

class Reader {
  readonly commands = new Set<string>();
  readonly functions = new Set<string>();
  readonly #text: string;
  #at = 0;
  #heredocs: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads commands up to `end` or, inside a substitution, up to its closing parenthesis. */
  list(end: number, closing = false): void {
    let expectCommand = true;
    let pattern = false;
    while (this.#at < end) {
      const char = this.#text[this.#at] ?? "";
      if (char === "\n") {
        this.#at += 1;
        this.#readHeredocs();
        expectCommand = true;
      } else if (/\s/.test(char) || this.#starts("\\\n")) this.#at += char === "\\" ? 2 : 1;
      else if (char === "#") this.#skipTo("\n");
      else if (pattern && !this.#starts("esac")) {
        this.#skipTo(")");
        this.#at += 1;
        pattern = false;
        expectCommand = true;
      } else if (this.#starts(";;")) {
        this.#at += 2;
        pattern = true;
      } else if (char === ")" && closing) {
        this.#at += 1;
        return;
      } else if (this.#redirection()) continue;
      else if (";&|()".includes(char) && !this.#starts("((")) {
        this.#at += 1;
        expectCommand = true;
      } else if (expectCommand && this.#starts("[[ ")) this.#words("]]");
      else if (expectCommand && this.#starts("((")) this.#words("))");
      else {
        const word = this.#word();
        pattern = false;
        if (word === "in") pattern = this.#inCase;
        this.#noteCase(word, expectCommand);
        if (expectCommand) expectCommand = this.#command(word);
      }
    }
  }

  #inCase = false;
  #noteCase(word: string, expectCommand: boolean): void {
    if (expectCommand && word === "case") this.#inCase = true;
    else if (expectCommand && word === "for") this.#inCase = false;
  }

  /** Takes a word in command position; returns whether a command is still expected after it. */
  #command(word: string): boolean {
    if (/^[A-Za-z_]\w*\+?=/.test(word)) return true;
    if (this.#starts("()")) {
      this.functions.add(word);
      this.#at += 2;
      return true;
    }
    if (word === "case" || word === "for") return false;
    if (keywords.has(word)) return true;
    this.commands.add(word);
    return false;
  }

  #redirection(): boolean {
    const match = /^(\d*(<<<|<<|>>|>&|<&|>|<)|&>)(?!\()/.exec(this.#text.slice(this.#at, this.#at + 8));
    if (!match) return false;
    this.#at += match[0].length;
    while (this.#text[this.#at] === " ") this.#at += 1;
    const target = this.#word();
    if (match[2] === "<<") this.#heredocs.push(target);
    return true;
  }

  #readHeredocs(): void {
    for (const delimiter of this.#heredocs) {
      const end = this.#text.indexOf(`\n${delimiter}\n`, this.#at - 1);
      while (this.#at < end) {
        if (!this.#expansion()) this.#at += 1;
      }
      this.#at = end + delimiter.length + 2;
    }
    this.#heredocs = [];
  }

  /** Reads words, and what they expand, up to and including `last`. */
  #words(last: string): void {
    while (!this.#starts(last)) {
      const before = this.#at;
      if (/[\s<>&|()!]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
      else this.#word();
      if (this.#at === before) this.#at += 1;
    }
    this.#at += last.length;
  }

  /** One word as written, with the commands inside it noted. */
  #word(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !/[\s;&|()<>]/.test(this.#text[this.#at] ?? "")) {
      const char = this.#text[this.#at];
      if (char === "\\") this.#at += 2;
      else if (char === "'") {
        this.#at += 1;
        this.#skipTo("'");
        this.#at += 1;
      } else if (char === '"') this.#doubleQuoted();
      else if (!this.#expansion()) this.#at += 1;
      // An array assignment is one word: name=( … ).
      if (this.#text[this.#at] === "(" && this.#text[this.#at - 1] === "=") this.#words(")");
    }
    if (this.#starts("<(") || this.#starts(">(")) {
      this.#at += 2;
      this.list(this.#text.length, true);
    }
    return this.#text.slice(start, this.#at);
  }

  #doubleQuoted(): void {
    this.#at += 1;
    while (this.#text[this.#at] !== '"') {
      if (this.#text[this.#at] === "\\") this.#at += 2;
      else if (!this.#expansion()) this.#at += 1;
    }
    this.#at += 1;
  }

  #expansion(): boolean {
    if (this.#starts("$((")) {
      this.#at += 3;
      this.#words("))");
    } else if (this.#starts("$(")) {
      this.#at += 2;
      this.list(this.#text.length, true);
    } else if (this.#starts("${")) this.#skipBraces();
    else return false;
    return true;
  }

  #skipBraces(): void {
    this.#at += 2;
    while (this.#text[this.#at] !== "}") {
      if (this.#text[this.#at] === "\\") this.#at += 2;
      else if (this.#text[this.#at] === '"') this.#doubleQuoted();
      else if (!this.#expansion()) this.#at += 1;
    }
    this.#at += 1;
  }

  #skipTo(mark: string): void {
    const found = this.#text.indexOf(mark, this.#at);
    this.#at = found < 0 ? this.#text.length : found;
  }

  #starts(mark: string): boolean {
    return this.#text.startsWith(mark, this.#at);
  }
}
