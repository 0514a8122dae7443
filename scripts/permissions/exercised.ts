import type { Caller, Kernel, Requirement } from "../../local/core/kernel.ts";

/** A use of a permission by a role that the role does not have. */
export interface RefusedUse {
  role: string;
  action: string;
  resource: string;
  /** In the words that end AWS's message. */
  why: string;
}

/** Which permissions roles have made use of, and which they lacked, on every cloud that was watched. */
export class Exercised {
  readonly #used = new Set<string>();
  readonly #refused = new Map<string, RefusedUse>();

  /** Listens to every judgement of a cloud's policy engine. */
  watch(kernel: Kernel): void {
    const judge = kernel.judge;
    kernel.judge = (caller, requirement) => {
      const refusal = judge(caller, requirement);
      if (caller.kind === "role") this.#note(caller, requirement, refusal);
      return refusal;
    };
  }

  /** Whether a role was ever allowed this action on one of these resources. */
  has(role: string, action: string, resources: readonly string[]): boolean {
    const prefix = `${role} ${action} `;
    const used = [...this.#used].filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
    return used.some((resource) => resources.some((pattern) => matches(pattern, resource)));
  }

  /** What roles tried and were refused, each once, in order. */
  refused(): RefusedUse[] {
    return [...this.#refused.values()];
  }

  #note({ name: role }: Caller, { action, resource }: Requirement, refusal: string | undefined): void {
    const use = `${role} ${action} ${resource}`;
    if (refusal === undefined) this.#used.add(use);
    else this.#refused.set(use, { role, action, resource, why: refusal });
  }
}

function matches(pattern: string, resource: string): boolean {
  const source = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${source}$`).test(resource);
}
