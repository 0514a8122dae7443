/** What a new spec is made of; everything else has a default that a person need not know. */
export interface SpecAnswers {
  service: string;
  base: string;
  layers: string[];
  /** Undefined: the artifact's Procfile says it. */
  command: string | undefined;
  port: number;
  healthPath: string;
  min: number;
  max: number;
  instanceType: string;
  /** Empty: every path. */
  paths: string[];
  hosts: string[];
  listener: string | undefined;
}

/** What was given as options; the rest is asked or defaulted. */
export type GivenAnswers = { [K in keyof SpecAnswers]?: SpecAnswers[K] | undefined };

/** Asks one question on a terminal; an empty answer means the default. */
export type Ask = (question: string, preset: string) => Promise<string>;

/** A question about one answer: how it is asked, and how its text becomes a value. */
interface Question<K extends keyof SpecAnswers> {
  key: K;
  text: string;
  read: (text: string) => SpecAnswers[K];
}

const list = (text: string) => text.split(/[\s,]+/).filter((one) => one !== "");

const questions = [
  { key: "service", text: "Name of the service", read: (text) => text } satisfies Question<"service">,
  {
    key: "layers",
    text: "Layers under the program (such as node-24; - for none)",
    read: layers,
  } satisfies Question<"layers">,
  { key: "port", text: "Port the program listens on", read: Number } satisfies Question<"port">,
  {
    key: "healthPath",
    text: "Path that answers 200 when it is well",
    read: (text) => text,
  } satisfies Question<"healthPath">,
  { key: "min", text: "Servers at least", read: Number } satisfies Question<"min">,
  { key: "max", text: "Servers at most", read: Number } satisfies Question<"max">,
  { key: "instanceType", text: "EC2 instance type", read: (text) => text } satisfies Question<"instanceType">,
  {
    key: "paths",
    text: "Paths that are the service's (such as /shop*; - for all)",
    read: layers,
  } satisfies Question<"paths">,
] as const;

function layers(text: string): string[] {
  return text === "-" ? [] : list(text);
}

/** Answers nobody gave: from options and, where there is none, from sensible presets. */
export function withPresets(given: GivenAnswers, directoryName: string): SpecAnswers {
  const min = given.min ?? 2;
  return {
    service: given.service ?? serviceNameFrom(directoryName),
    base: given.base ?? "al2023",
    layers: given.layers ?? [],
    command: given.command,
    port: given.port ?? 8080,
    healthPath: given.healthPath ?? "/",
    min,
    max: given.max ?? Math.max(min, min * 2),
    instanceType: given.instanceType ?? "t3.small",
    paths: given.paths ?? [],
    hosts: given.hosts ?? [],
    listener: given.listener,
  };
}

/** Asks what was not given, one question after the other. */
export async function askForRest(given: GivenAnswers, directoryName: string, ask: Ask): Promise<SpecAnswers> {
  const answers: GivenAnswers = { ...given };
  for (const { key, text, read } of questions) {
    if (given[key] !== undefined) continue;
    const preset = withPresets(answers, directoryName)[key];
    const said = (await ask(text, Array.isArray(preset) ? preset.join(" ") || "-" : String(preset))).trim();
    if (said !== "") Object.assign(answers, { [key]: read(said) });
  }
  return withPresets(answers, directoryName);
}

/** A directory's name as far as it can name a service; `web` when nothing of it can. */
function serviceNameFrom(directoryName: string): string {
  const usable = directoryName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 24)
    .replace(/-+$/, "");
  return usable.length >= 2 ? usable : "web";
}
