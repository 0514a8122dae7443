/** One package that an archive carries or names. */
export interface Component {
  ecosystem: "npm" | "pypi";
  name: string;
  version: string;
  /** As the package says it: an SPDX expression, or words. */
  license?: string;
  /** `installed`: its own manifest is in the archive. `declared`: a lock file names it. */
  evidence: "installed" | "declared";
  /** A lock file says it is for development only. */
  development?: true;
}

/** What the manifests in one archive say it is made of, and what they do not say. */
export interface Inventory {
  components: Component[];
  /** What could not be known, each in a sentence. */
  gaps: string[];
}

/** What a parsed manifest adds. */
export interface Manifest {
  components: Component[];
  gaps?: string[];
}

/** Packages of one archive; the largest lock files known have a few thousand. Bounds the memory of admission. */
const componentLimit = 20_000;
/** Sentences about single files; the rest are counted. */
const gapLimit = 20;
/** Unit: characters. npm allows 214 for a name (registry's package metadata); versions are far shorter. */
const longestName = 256;

/** Collects what the manifests of one archive say, while it passes. */
export class InventoryBuilder {
  readonly #components = new Map<string, Component>();
  readonly #gaps: string[] = [];
  #moreGaps = 0;
  #beyondLimit = 0;
  #hasManifest = false;
  #programs = 0;
  #javaArchives = 0;

  /** A manifest was read. */
  add({ components, gaps = [] }: Manifest): void {
    this.#hasManifest = true;
    for (const component of components) this.#keep(component);
    for (const gap of gaps) this.gap(gap);
  }

  /** A file that a package manager's manifest says nothing about. */
  file(path: string, isProgram: boolean): void {
    if (isProgram) this.#programs += 1;
    if (/\.(jar|war|ear)$/.test(path)) this.#javaArchives += 1;
  }

  gap(sentence: string): void {
    if (this.#gaps.length < gapLimit) this.#gaps.push(sentence);
    else this.#moreGaps += 1;
  }

  finish(): Inventory {
    const all = [...this.#components.values()];
    const installed = new Set(all.filter(({ evidence }) => evidence === "installed").map(({ ecosystem }) => ecosystem));
    // Where packages are installed, a lock file adds only what was left out of the archive.
    const components = all
      .filter(({ evidence, ecosystem }) => evidence === "installed" || !installed.has(ecosystem))
      .sort((a, b) => (identityOf(a) < identityOf(b) ? -1 : 1));
    return { components, gaps: [...this.#gaps, ...this.#unknown(components, all.length - components.length)] };
  }

  #keep(component: Component): void {
    if (!isName(component.name) || !isName(component.version)) return;
    const identity = identityOf(component);
    const present = this.#components.get(identity);
    if (present?.evidence === "installed" || (present && component.evidence === "declared")) return;
    if (!present && this.#components.size >= componentLimit) this.#beyondLimit += 1;
    else this.#components.set(identity, component);
  }

  #unknown(components: readonly Component[], leftOut: number): string[] {
    const declared = components.filter(({ evidence }) => evidence === "declared").length;
    const sentences: [when: boolean, sentence: string][] = [
      [!this.#hasManifest, "No package manifest was found: what it is made of is not known."],
      [declared > 0, `${declared} packages are declared by lock files; whether they are in the archive is not known.`],
      [
        leftOut > 0,
        `${leftOut} packages of lock files are not listed: others of their kind are installed in the archive.`,
      ],
      [this.#programs > 0, `${this.#programs} programs in machine code: what is linked into them is not known.`],
      [this.#javaArchives > 0, `${this.#javaArchives} Java archives were not opened.`],
      [this.#beyondLimit > 0, `${this.#beyondLimit} packages beyond the first ${componentLimit} are not listed.`],
      [this.#moreGaps > 0, `${this.#moreGaps} more manifests could not be read.`],
    ];
    return sentences.flatMap(([when, sentence]) => (when ? [sentence] : []));
  }
}

/** What makes two mentions the same package: its installation and its declaration are one. */
function identityOf({ ecosystem, name, version }: Component): string {
  return `${ecosystem}/${name}@${version}`;
}

/** Printable and of sane length: the archive's author wrote it, and people print it. */
function isName(text: string): boolean {
  return text.length <= longestName && /^[\x21-\x7e]+$/.test(text);
}
