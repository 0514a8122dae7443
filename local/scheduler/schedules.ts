import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { GroupDocument, ScheduleDocument } from "./documents.ts";
import { notFound } from "./errors.ts";
import { parseRecurrence } from "./expressions.ts";

export const defaultGroup = "default";

/** The schedules and their groups, each enabled schedule with its next time planned as a job. */
export class Schedules {
  readonly #kernel: Kernel;
  readonly #schedules: Collection<ScheduleDocument>;
  readonly #groups: Collection<GroupDocument>;

  /** @param due Runs when a schedule is due; `last` when it will not be again. */
  constructor(kernel: Kernel, due: (schedule: Readonly<ScheduleDocument>, dueMs: number, last: boolean) => void) {
    this.#kernel = kernel;
    this.#schedules = kernel.store.collection<ScheduleDocument>("scheduler.schedules");
    this.#groups = kernel.store.collection<GroupDocument>("scheduler.groups");
    kernel.jobs.on<{ group: string; name: string; dueMs: number }>("scheduler.due", ({ group, name, dueMs }) => {
      const schedule = this.find(group, name);
      if (schedule?.state !== "ENABLED") return;
      // Times that passed while the cloud was down are not made up for.
      const again = this.#plan(schedule, Math.max(dueMs, kernel.clock.now()));
      due(schedule, dueMs, !again);
    });
  }

  find(group: string, name: string): Readonly<ScheduleDocument> | undefined {
    return this.#schedules.get(`${group}/${name}`);
  }

  /** @throws {AwsError} ResourceNotFoundException */
  get(group: string, name: string | undefined): Readonly<ScheduleDocument> {
    const schedule = this.find(group, name ?? "");
    if (!schedule) throw notFound(`Schedule ${name}`);
    return schedule;
  }

  list(group: string | undefined): Readonly<ScheduleDocument>[] {
    return this.#schedules.list(group === undefined ? "" : `${group}/`);
  }

  /** Stores a schedule and plans its next time. */
  put(schedule: ScheduleDocument): void {
    this.#schedules.put(`${schedule.group}/${schedule.name}`, schedule);
    this.#kernel.jobs.cancel(jobKey(schedule));
    if (schedule.state === "ENABLED") this.#plan(schedule, this.#kernel.clock.now() - 1);
  }

  delete(schedule: Readonly<ScheduleDocument>): void {
    this.#schedules.delete(`${schedule.group}/${schedule.name}`);
    this.#kernel.jobs.cancel(jobKey(schedule));
  }

  group(name: string): Readonly<GroupDocument> | undefined {
    if (name !== defaultGroup) return this.#groups.get(name);
    const arn = this.#kernel.arn("scheduler", `schedule-group/${defaultGroup}`);
    return this.#groups.get(name) ?? { name, arn, tags: {}, createdAtMs: 0, modifiedAtMs: 0 };
  }

  /** @throws {AwsError} ResourceNotFoundException */
  getGroup(name: string | undefined): Readonly<GroupDocument> {
    const group = this.group(name ?? defaultGroup);
    if (!group) throw notFound(`Schedule group ${name}`);
    return group;
  }

  /** All groups; the default one is always there. */
  groups(): Readonly<GroupDocument>[] {
    const made = this.#groups.list().filter((group) => group.name !== defaultGroup);
    return [this.getGroup(defaultGroup), ...made].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  putGroup(group: GroupDocument): void {
    this.#groups.put(group.name, group);
  }

  /** Removes a group with its schedules. */
  deleteGroup(name: string): void {
    for (const schedule of this.list(name)) this.delete(schedule);
    this.#groups.delete(name);
  }

  /** Plans the first time after `afterMs` that lies within the schedule's dates. Returns whether there is one. */
  #plan(schedule: Readonly<ScheduleDocument>, afterMs: number): boolean {
    const recurrence = parseRecurrence(schedule.expression, schedule.originMs, schedule.timeZone);
    // The dates of a schedule bound recurring times only. Source: StartDate in CreateSchedule's API reference.
    const bounded = recurrence?.kind !== "at";
    const dueMs = recurrence?.next(bounded ? Math.max(afterMs, (schedule.startMs ?? 0) - 1) : afterMs);
    if (dueMs === undefined || (bounded && schedule.endMs !== undefined && dueMs > schedule.endMs)) return false;
    const { group, name } = schedule;
    this.#kernel.jobs.schedule("scheduler.due", dueMs, { group, name, dueMs }, jobKey(schedule));
    return true;
  }
}

function jobKey({ group, name }: { group: string; name: string }): string {
  return `scheduler.due/${group}/${name}`;
}
