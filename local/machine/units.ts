import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { MachineContext } from "./machine-context.ts";
import { parseUnit } from "./unit-file.ts";
import { UnitProcess } from "./unit-process.ts";

const directoryOfUnits = "etc/systemd/system";

/** The machine's services: the unit files under etc/systemd/system, and which of them start at boot. */
export class Units {
  readonly #machine: MachineContext;
  readonly #directory: string;
  readonly #loaded = new Map<string, UnitProcess>();
  readonly #stale = new Set<string>();

  constructor(machine: MachineContext) {
    this.#machine = machine;
    this.#directory = join(machine.root, directoryOfUnits);
  }

  /**
   * The service of this name.
   * @throws {Error} when there is no such unit file, or it cannot be read.
   */
  require(name: string): UnitProcess {
    const known = this.#loaded.get(name);
    const isRunning = known !== undefined && known.state !== "inactive" && known.state !== "failed";
    if (known && (!this.#stale.has(name) || isRunning)) return known;
    let text: string;
    try {
      text = readFileSync(join(this.#directory, name), "utf8");
    } catch {
      throw new Error(`Unit ${name} could not be found.`);
    }
    const unit = parseUnit(name, text);
    for (const line of unit.unknown) {
      this.#machine.console.line(
        "systemd[1]",
        `${name}: the embedded cloud does not know this directive, ignoring: ${line}`,
      );
    }
    const loaded = new UnitProcess(unit, this.#machine);
    this.#loaded.set(name, loaded);
    this.#stale.delete(name);
    return loaded;
  }

  /** Forgets what was read of unit files; services that run keep what they started with until they start anew. */
  reload(): void {
    for (const name of this.#loaded.keys()) this.#stale.add(name);
  }

  /** Lets a service start at boot. Returns systemctl's words about it. */
  enable(name: string): string {
    const { unit } = this.require(name);
    let said = "";
    for (const target of unit.wantedBy) {
      const directory = join(this.#directory, `${target}.wants`);
      mkdirSync(directory, { recursive: true });
      const link = join(directory, name);
      try {
        const file = `${this.#machine.seenRoot}/${directoryOfUnits}/${name}`;
        symlinkSync(file, link);
        said += `Created symlink ${link.slice(this.#machine.root.length)} -> ${file}.\n`;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
    return said;
  }

  disable(name: string): void {
    for (const directory of this.#wants()) rmSync(join(directory, name), { force: true });
  }

  isEnabled(name: string): boolean {
    return this.#enabled().includes(name);
  }

  /** Starts every enabled service, as the machine does when it boots. */
  async startEnabled(): Promise<void> {
    for (const name of this.#enabled()) {
      try {
        await this.require(name).start();
      } catch (error) {
        this.#machine.console.line("systemd[1]", `${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#loaded.values()].map((service) => service.stop()));
  }

  #wants(): string[] {
    const entries = readdirSync(this.#directory, { withFileTypes: true });
    return entries.filter((entry) => entry.name.endsWith(".wants")).map((entry) => join(this.#directory, entry.name));
  }

  #enabled(): string[] {
    return [...new Set(this.#wants().flatMap((directory) => readdirSync(directory)))].sort();
  }
}
