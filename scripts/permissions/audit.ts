import { packageInMemory } from "../simulate/package-files.ts";
import { situations } from "../simulate/scenarios.ts";
import { openStage, prepareStage, stageName } from "../simulate/simulated-stage.ts";
import { Exercised, type RefusedUse } from "./exercised.ts";
import { machinePaths } from "./machine-paths.ts";
import { permissionsOfRoles, type RolePermission } from "./role-policies.ts";

/** What became of every permission when every machine went every way. */
export interface Audit {
  allowed: RolePermission[];
  /** Allowed, and asked for by nothing. */
  unused: RolePermission[];
  /** Asked for, and not allowed. */
  refused: RefusedUse[];
}

/**
 * Sends every state machine every kind of way in the simulation, where the packaged roles are enforced on the production
 * handlers, and keeps what they asked for.
 * @throws {Error} when a path ends in another state than it must.
 */
export async function auditPermissions(progress: (line: string) => void = () => {}): Promise<Audit> {
  const exercised = new Exercised();
  const begins = await situations(
    await prepareStage(await packageInMemory(stageName), (kernel) => exercised.watch(kernel)),
  );
  let allowed: RolePermission[] = [];
  for (const { name, begins: situation, act, end } of machinePaths) {
    progress(name);
    const stage = await openStage(1, begins[situation]);
    exercised.watch(stage.cloud.kernel);
    const path = stage.path(await act(stage));
    if (path.at(-1) !== end) throw new Error(`${name} ended in ${path.at(-1)} instead of ${end}`);
    allowed = await permissionsOfRoles(stage.cloud.kernel, stageName);
  }
  const unused = allowed.filter(({ role, action, resources }) => !exercised.has(role, action, resources));
  return { allowed, unused, refused: exercised.refused() };
}
