import type { PlantedBug } from "../planted-bug.ts";

/** Two runs at once, runs in the wrong order, and runs that nobody could end. */
export const leaseAndOrderBugs: readonly PlantedBug[] = [
  {
    id: "two-at-once",
    thread: "https://github.com/elitan/frost/issues/290",
    was: "two deploys of one service ran at the same time",
    patches: [
      {
        file: "shared/domain/lease.ts",
        find: 'if (owner !== "ended") return { kind: "busy", owner: lease.owner };',
        replace: "",
      },
    ],
  },
  {
    id: "lock-of-somebody-else-released",
    thread: "https://github.com/github/branch-deploy/issues/504",
    was: "a lock was released by a run that did not own it",
    faults: { scenario: "rollback-while-failing", kind: "slow", at: /^settle s3:/ },
    patches: [
      {
        file: "shared/aws/ledger.ts",
        find: "leaseHolds(present, me, ref.fence) && present ? { ...present, owner: null } : undefined,",
        replace: "present && me && ref ? { ...present, owner: null } : undefined,",
      },
    ],
  },
  {
    id: "lock-of-the-dead",
    thread: "https://github.com/spinnaker/spinnaker/issues/1353",
    was: "a run that had died held its place for ever",
    patches: [
      {
        file: "shared/domain/lease.ts",
        find: 'if (owner !== "ended") return { kind: "busy", owner: lease.owner };',
        replace: 'if (owner !== undefined) return { kind: "busy", owner: lease.owner };',
      },
    ],
  },
  {
    id: "lock-left-by-a-failure",
    thread: "https://github.com/guardian/riff-raff/pull/678",
    was: "after a failed deploy the next one was refused",
    patches: [
      {
        file: "functions/settle.ts",
        find: "settled(failure ? withRefreshFailure(head, failure) : head, execution),",
        replace: 'request.outcome === "failed" || failure ? head : settled(head, execution),',
      },
      {
        file: "shared/survey.ts",
        find: "if (pending && pendingEnded) {",
        replace: "if (pending && pendingEnded && ownerEnded) {",
      },
      {
        file: "shared/admission/recover.ts",
        find: "if (!pending || !isInterrupted) {",
        replace: "if (!pending || !isInterrupted || lease.fence > 0) {",
      },
    ],
  },
  {
    id: "zombie-goes-on",
    thread: "https://stackoverflow.com/questions/45596276/what-happens-when-i-stop-an-execution-in-aws-step-functions",
    was: "stopping an execution does nothing to a task that runs, and what it did later was not fenced",
    faults: { scenario: "rollback-while-moving", kind: "slow", at: /^cutover (s3|elasticloadbalancing):/ },
    patches: [
      {
        file: "shared/aws/ledger.ts",
        find: "if (leaseHolds(lease, me, ref.fence)) return;",
        replace: "if (me && ref) return;",
      },
      { file: "shared/domain/lease.ts", find: "nowMs + takeoverWaitSeconds * 1000", replace: "nowMs" },
    ],
  },
  {
    id: "takeover-does-not-wait",
    thread:
      "https://repost.aws/questions/QUZ1kPB3rSTN-CY1nPmPkeIw/lambda-function-behavior-after-step-functions-task-state-timeout",
    was: "a function ran on after its task had timed out, beside the one that took its place",
    faults: { scenario: "rollback-while-moving", kind: "slow", at: /^cutover (s3|elasticloadbalancing):/ },
    patches: [{ file: "shared/domain/lease.ts", find: "nowMs + takeoverWaitSeconds * 1000", replace: "nowMs" }],
  },
  {
    id: "older-upload-wins",
    thread: "https://github.com/aws/aws-codedeploy-agent/issues/248",
    was: "deployments were put in order by a number that was not monotonic, so an older one replaced a newer one",
    scene: "late-event",
    patches: [
      {
        file: "shared/domain/head.ts",
        find: "head.newestIntent !== null && compareIntents(intent, head.newestIntent) < 0;",
        replace: "head.newestIntent !== null && compareIntents(intent, head.newestIntent) > 1e15;",
      },
    ],
  },
  {
    id: "superseded-goes-on",
    thread: "https://github.com/basecamp/kamal/issues/689",
    was: "a run that waited for its turn went on although a newer one had taken its place",
    scene: "two-wait",
    patches: [
      {
        file: "shared/admission/deploy.ts",
        find: "if (generationOf(head, asked.execution) === undefined) {",
        replace: "if (lease.fence < 0) {",
      },
      {
        file: "shared/admission/deploy.ts",
        find: 'if (isSuperseded(head, intent)) return skipped("superseded by a newer deploy while waiting");\n',
        replace: "",
      },
      {
        file: "shared/admission/deploy.ts",
        find: 'if (!mine && isSuperseded(before, intent)) return skipped("superseded by a newer deploy");',
        replace: `for (let ordinal = 1; ordinal < before.nextOrdinal; ordinal++) {
          const own = await world.ledger.release(name, generationName(name, ordinal));
          if (own?.execution === execution) return own;
        }`,
      },
    ],
  },
  {
    id: "delivered-twice-deployed-twice",
    thread: "https://github.com/miztiik/Serverless-AMI-Baker/pull/9",
    was: "an upload's event that came twice was baked twice",
    scene: "event-twice",
    patches: [
      {
        file: "shared/admission/deploy.ts",
        find: "if (standing.owner === execution) return undefined;",
        replace: "if (standing.owner !== undefined) return undefined;",
      },
    ],
  },
  {
    id: "settled-twice-is-a-failure",
    thread: "https://github.com/spinnaker/clouddriver/pull/1187",
    was: "what had succeeded on AWS was called a failure, because its repetition found it done",
    faults: { scenario: "deploy", kind: "crash", at: /^settle s3:PutObject/ },
    patches: [
      {
        file: "functions/settle.ts",
        find: 'if (await isOver(request, world)) return { status: "ready" };',
        replace: "",
      },
    ],
  },
  {
    id: "late-cleanup-hits-the-next-run",
    thread: "https://github.com/spinnaker/orca/pull/1612",
    was: "the clean-up of an ended run hit the run after it",
    faults: { scenario: "rollback-while-retiring", kind: "slow", at: /^reap s3:/ },
    patches: [
      {
        file: "shared/domain/head.ts",
        find: "if (head.pending?.generation === generation && head.pending.execution !== by) return head;",
        replace: "",
      },
    ],
  },
  {
    id: "denied-after-it-is-gone",
    thread: "https://github.com/spinnaker/clouddriver/pull/1187",
    was: "a deletion whose answer was lost was repeated, failed, and made a clean end a dirty one",
    faults: { scenario: "failing-deploy", kind: "reply-lost", at: /:(Delete|Deregister)/ },
    patches: [
      {
        file: "shared/aws/deleting.ts",
        find: "if (!isDenied(error) || (await exists())) throw error;",
        replace: "if (!isDenied(error) || exists) throw error;",
      },
    ],
  },
];
