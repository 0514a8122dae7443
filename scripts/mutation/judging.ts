import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { MutantAnswer, MutantOrder, Surveyed } from "./mutant-worker.ts";
import type { Mutant } from "./mutants.ts";

/** What became of one mutant. */
export interface Judged {
  mutant: Mutant;
  /** `unreached`: no run comes there. `loading`: it is computed while a module is loaded. */
  fate: "noticed" | "survived" | "unreached" | "loading" | "ignored";
  /** What noticed it, and how. */
  by: string | undefined;
  /** The mutant did not end, or ended the process: rare, and told so that a slow machine is not taken for it. */
  isEndless?: boolean;
}

/** Unit: milliseconds. The longest reference run takes a few seconds, on a busy machine ten; what takes so long does not end. */
const patienceMs = 60_000;

/** One mutant may end the process that judges it; when so many in a row do, it is not they. */
const endsInARow = 5;

/** Judges mutants by the reference runs, in a process of its own that is given up when a mutant does not end. */
export class Judging {
  readonly #file: string;
  #worker: ChildProcess | undefined;
  #ends = 0;

  /** @param file With the mutated code. */
  constructor(file: string) {
    this.#file = file;
  }

  /** @param told Hears of each mutant as soon as it is judged. */
  async judge(mutants: readonly Mutant[], told: (judged: Judged) => void): Promise<Judged[]> {
    const { runs, whileLoading } = await this.#survey();
    const loading = new Set(whileLoading);
    const judged: Judged[] = [];
    for (const mutant of mutants) {
      const one = await this.#judged(mutant, runs, loading);
      judged.push(one);
      told(one);
    }
    return judged;
  }

  /** Lets the process go. */
  close(): void {
    this.#worker?.disconnect();
    this.#worker = undefined;
  }

  async #judged(mutant: Mutant, runs: readonly Surveyed[], loading: ReadonlySet<string>): Promise<Judged> {
    if (mutant.isIgnored) return { mutant, fate: "ignored", by: undefined };
    const reaching = runs.filter(({ reached }) => reached.includes(mutant.id)).map(({ run }) => run);
    if (reaching.length === 0) {
      return { mutant, fate: loading.has(mutant.id) ? "loading" : "unreached", by: undefined };
    }
    const answer = await this.#ask({ kind: "judge", mutant: mutant.id, runs: reaching });
    if (answer === undefined) return { mutant, fate: "noticed", by: undefined, isEndless: true };
    const by = answer.kind === "judged" ? answer.by : undefined;
    return { mutant, fate: by ? "noticed" : "survived", by: by && `${by.run}: ${by.how}` };
  }

  async #survey(): Promise<{ runs: Surveyed[]; whileLoading: string[] }> {
    const answer = await this.#ask({ kind: "survey" });
    if (answer?.kind !== "surveyed") throw new Error("the reference runs do not end");
    const wrong = answer.runs.filter(({ problems }) => problems.length > 0);
    if (wrong.length > 0) throw new Error(`without a mutant: ${JSON.stringify(wrong[0])}`);
    return { ...answer, runs: answer.runs.sort((a, b) => a.tookMs - b.tookMs) };
  }

  /** @returns Undefined when the worker did not answer in time, or ended; then it is gone. */
  async #ask(order: MutantOrder): Promise<MutantAnswer | undefined> {
    const worker = this.#worker ?? (await this.#start());
    return new Promise((resolve, reject) => {
      let timer = setTimeout(() => end(undefined), patienceMs);
      const heard = (answer: MutantAnswer) => {
        this.#ends = 0;
        if (answer.kind !== "running") return end(answer);
        clearTimeout(timer);
        timer = setTimeout(() => end(undefined), patienceMs);
      };
      const gone = (code: number | null) => {
        clearTimeout(timer);
        this.#worker = undefined;
        this.#ends += 1;
        if (order.kind === "judge" && this.#ends < endsInARow) resolve(undefined);
        else reject(new Error(`the process that judges mutants ended with exit code ${code}`));
      };
      const end = (answer: MutantAnswer | undefined) => {
        clearTimeout(timer);
        worker.off("message", heard);
        worker.off("exit", gone);
        if (answer === undefined) {
          worker.kill("SIGKILL");
          this.#worker = undefined;
        }
        resolve(answer);
      };
      worker.on("message", heard);
      worker.on("exit", gone);
      worker.send(order);
    });
  }

  #start(): Promise<ChildProcess> {
    const path = join(import.meta.dirname, "mutant-worker.ts");
    const worker = fork(path, [this.#file], { execArgv: [...process.execArgv, "--stack-trace-limit=1"] });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const early = (code: number | null) => reject(new Error(`the process that judges mutants ended with ${code}`));
      worker.once("exit", early);
      worker.once("message", () => {
        worker.off("exit", early);
        resolve(worker);
      });
    });
  }
}
