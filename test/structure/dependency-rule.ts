import { type Import, importsOf, type Source } from "./sources.ts";

/**
 * Who may import whom, by the longest prefix of the path that matches. A file may always import from the part it is in
 * itself, except handlers: one Lambda never imports another.
 */
interface Part {
  prefix: string;
  mayImport: readonly string[];
  /** Packages it may import, besides Node's own modules. Left out: any. */
  packages?: RegExp;
  ownPart?: false;
}

const parts: readonly Part[] = [
  // Pure decisions and types. It shares the release-volume format with the boot script, which is as pure.
  { prefix: "shared/domain/", mayImport: ["boot/release-volume.ts", "boot/user-data.ts"], packages: /^zod(\/|$)/ },
  // The only code that knows the AWS SDK.
  { prefix: "shared/aws/", mayImport: ["shared/", "boot/"] },
  { prefix: "shared/", mayImport: ["boot/"], packages: /^(?!@aws-sdk\/|@smithy\/)/ },
  { prefix: "functions/", mayImport: ["shared/", "boot/"], packages: /^(?!@aws-sdk\/|@smithy\/)/, ownPart: false },
  { prefix: "boot/", mayImport: [], packages: /^$/ },
  // The embedded cloud loads handlers by path, as AWS would; it knows nothing of them.
  { prefix: "local/", mayImport: [] },
  { prefix: "cli/", mayImport: ["local/", "shared/", "boot/"] },
  { prefix: "dashboard/", mayImport: ["shared/"] },
  // Programs that nobody here wrote come with their own packages.
  { prefix: "examples/programs/", mayImport: [] },
  { prefix: "examples/", mayImport: [], packages: /^$/ },
  { prefix: "bench/", mayImport: ["boot/", "cli/", "functions/", "local/", "scripts/", "shared/"] },
  { prefix: "scripts/", mayImport: ["boot/", "cli/", "functions/", "local/", "shared/"] },
  { prefix: "test/", mayImport: [""] },
];

/** Every import of `source` that the rule forbids, as a sentence. */
export function violations(source: Source): string[] {
  const part = parts.find(({ prefix }) => source.path.startsWith(prefix));
  if (part === undefined) return [];
  return importsOf(source).flatMap((imported) => {
    const why = refusal(part, source, imported);
    return why === undefined ? [] : [`${source.path} imports ${imported.specifier}: ${why}`];
  });
}

function refusal(part: Part, source: Source, { specifier, target }: Import): string | undefined {
  if (target === undefined) {
    if (specifier.startsWith("node:")) return pureRefusal(part, specifier);
    return (part.packages ?? /./).test(specifier) ? undefined : `${part.prefix} may not use this package`;
  }
  if (target.startsWith("test/") && !source.path.startsWith("test/")) return "nobody imports test";
  const own = part.ownPart !== false && target.startsWith(part.prefix);
  if (own || part.mayImport.some((prefix) => target.startsWith(prefix))) return undefined;
  return `${part.prefix} may import ${part.mayImport.join(", ") || "nothing outside itself"}`;
}

/** What a pure decision may use of Node: functions of their arguments alone. */
const pureModules = new Set(["node:crypto", "node:util", "node:buffer", "node:assert"]);

function pureRefusal(part: Part, specifier: string): string | undefined {
  if (part.prefix !== "shared/domain/" || pureModules.has(specifier)) return undefined;
  return "shared/domain does no input or output";
}
