import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { groupOperations } from "./group-operations.ts";
import { Invocations } from "./invocation.ts";
import { scheduleOperations } from "./schedule-operations.ts";
import { Schedules } from "./schedules.ts";

/**
 * Amazon EventBridge Scheduler: one-time and recurring schedules in time zones, called in the schedule's own role.
 * Differences from AWS: only services of this cloud are called, others are refused by name; times that pass while the
 * cloud is down are not made up for; encryption keys are kept and not used.
 */
export class SchedulerService implements Service {
  readonly id = "scheduler";
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(kernel: Kernel) {
    const invocations = new Invocations(kernel, (finished) => {
      const schedule = schedules.find(finished.group, finished.name);
      // One that was changed meanwhile is no longer the one that has finished.
      const unchanged = schedule?.modifiedAtMs === finished.modifiedAtMs;
      if (schedule && unchanged && schedule.actionAfterCompletion === "DELETE") schedules.delete(schedule);
    });
    const schedules = new Schedules(kernel, (schedule, dueMs, last) => invocations.plan(schedule, dueMs, last));
    this.operations = { ...scheduleOperations(kernel, schedules), ...groupOperations(kernel, schedules) };
  }
}
