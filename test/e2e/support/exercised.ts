import type { Kernel } from "../../../local/core/kernel.ts";
import { type Permission, roleOf } from "./handler-permissions.ts";

/** Which permissions roles have made use of since it was made. */
export class Exercised {
  readonly #used = new Set<string>();

  /** Listens to every judgement of the cloud's policy engine. */
  constructor(kernel: Kernel) {
    const judge = kernel.judge;
    kernel.judge = (caller, requirement) => {
      const refusal = judge(caller, requirement);
      if (refusal === undefined && caller.kind === "role") {
        this.#used.add(`${caller.name} ${requirement.action} ${requirement.resource}`);
      }
      return refusal;
    };
  }

  /** Whether the role of this handler was ever allowed this action on one of these resources. */
  has({ handler, action, resources }: Permission): boolean {
    const prefix = `${roleOf(handler)} ${action} `;
    const used = [...this.#used].filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
    return used.some((resource) => resources.some((pattern) => matches(pattern, resource)));
  }
}

function matches(pattern: string, resource: string): boolean {
  const source = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${source}$`).test(resource);
}
