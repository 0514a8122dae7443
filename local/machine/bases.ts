import al2023 from "./bases/al2023.json" with { type: "json" };
import debian12 from "./bases/debian-12.json" with { type: "json" };
import ubuntu2404 from "./bases/ubuntu-24.04.json" with { type: "json" };

/** What an operating system's image ships, as far as programs and boot scripts here may rely on it. */
export interface Base {
  name: string;
  /** Where the lists are from. */
  source: string;
  /** Whether the SSM Agent is part of the image. */
  agent: boolean;
  /** Commands by the package that has them. */
  packages: Readonly<Record<string, readonly string[]>>;
}

const bases: Readonly<Record<string, Base>> = {
  al2023,
  "debian-12": debian12,
  "ubuntu-24.04": ubuntu2404,
};

/** The base of this name, such as `al2023`; undefined when this cloud has no machines with it. */
export function baseNamed(name: string | undefined): Base | undefined {
  return name === undefined ? undefined : bases[name];
}

/** Every command a base ships, without those that this cloud has its own stand-ins for. */
export function commandsOf(base: Base): string[] {
  return Object.values(base.packages).flat().sort();
}
