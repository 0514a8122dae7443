import type { StackRecord, StackWork } from "./stack-record.ts";

type Kind = StackWork["kind"];

/** The words of each kind of work: while it runs, while it removes, when it failed for good. */
export const verbs: Readonly<Record<Kind, { running: string; cleaning?: string; done: string; failed: string }>> = {
  create: { running: "CREATE_IN_PROGRESS", done: "CREATE_COMPLETE", failed: "CREATE_FAILED" },
  update: {
    running: "UPDATE_IN_PROGRESS",
    cleaning: "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    done: "UPDATE_COMPLETE",
    failed: "UPDATE_FAILED",
  },
  delete: { running: "DELETE_IN_PROGRESS", done: "DELETE_COMPLETE", failed: "DELETE_FAILED" },
  "create-rollback": { running: "ROLLBACK_IN_PROGRESS", done: "ROLLBACK_COMPLETE", failed: "ROLLBACK_FAILED" },
  "update-rollback": {
    running: "UPDATE_ROLLBACK_IN_PROGRESS",
    cleaning: "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    done: "UPDATE_ROLLBACK_COMPLETE",
    failed: "UPDATE_ROLLBACK_FAILED",
  },
};

/** How a stack ends. An update does not fail for something old that could not be removed; a removal does. */
export function finished(kind: Kind, failures: readonly string[]): string {
  const removal = kind === "delete" || kind === "create-rollback";
  return removal && failures.length > 0 ? verbs[kind].failed : verbs[kind].done;
}

/** The stack on its way back after its work failed. */
export function rollingBack(stack: StackRecord, work: StackWork, reason: string): StackRecord {
  const kind = work.kind === "create" ? "create-rollback" : "update-rollback";
  return {
    ...stack,
    status: verbs[kind].running,
    statusReason: reason,
    ...(work.previous && { target: work.previous }),
    work: {
      kind,
      phase: kind === "create-rollback" ? "remove" : "apply",
      progress: {},
      retain: [],
      disableRollback: false,
      failures: [],
    },
  };
}
