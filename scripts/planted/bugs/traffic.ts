import type { PlantedBug } from "../planted-bug.ts";

/** Requests went to the wrong place, or to none. */
export const trafficBugs: readonly PlantedBug[] = [
  {
    id: "switch-before-healthy",
    thread: "https://github.com/spinnaker/spinnaker/issues/5149",
    was: "the old group was disabled although the new one had failed",
    patches: [
      {
        file: "shared/domain/health.ts",
        find: "const streak = good ? look.streak + 1 : 0;",
        replace: "const streak = look.deadlinePassed ? look.streakNeeded : good ? look.streak + 1 : 0;",
      },
      { file: "shared/domain/cutover.ts", find: "if (toHealth.healthy < needed) {", replace: "if (needed < 0) {" },
      {
        file: "shared/domain/cutover.ts",
        find: "if (up > 0 && toHealth.healthy / up < capacityFloor) {",
        replace: "if (up < 0) {",
      },
      {
        file: "shared/validation/candidate.ts",
        find: 'if (checked.verdict !== "pass") throw',
        replace: 'if (checked.verdict === "inconclusive") throw',
      },
    ],
  },
  {
    id: "nothing-counts-as-healthy",
    thread: "https://github.com/spinnaker/orca/pull/664",
    was: "a fleet without a single instance counted as healthy",
    patches: [
      {
        file: "shared/domain/health.ts",
        find: "health.healthy >= needed && health",
        replace: "health.healthy === 0 || health",
      },
      {
        file: "shared/validation/candidate.ts",
        find: 'if (checked.verdict === "inconclusive" && !deadlinePassed) return',
        replace: 'if (checked.verdict === "inconclusive" && needed < 0) return',
      },
      {
        file: "shared/validation/candidate.ts",
        find: 'if (checked.verdict !== "pass") throw',
        replace: "if (checked.verdict === undefined) throw",
      },
      {
        file: "shared/validation/candidate.ts",
        find: "(fleet?.inService ?? 0) < needed && before",
        replace: "needed < 0 && before",
      },
      { file: "shared/domain/cutover.ts", find: "if (toHealth.healthy < needed) {", replace: "if (needed < 0) {" },
      {
        file: "shared/domain/cutover.ts",
        find: "if (up > 0 && toHealth.healthy / up < capacityFloor) {",
        replace: "if (up < 0) {",
      },
    ],
  },
  {
    id: "rolling-disables-all",
    thread: "https://github.com/spinnaker/spinnaker/issues/2645",
    was: "a rolling switch disabled every group",
    patches: [
      {
        file: "shared/domain/cutover.ts",
        find: "weight: !isWhole && group === live ? 100 - percent : 0,",
        replace: "weight: 0,",
      },
      {
        file: "shared/domain/cutover.ts",
        find: "{ targetGroupArn: to, weight: isWhole ? 1 : percent },",
        replace: "{ targetGroupArn: to, weight: isWhole ? 1 : 0 },",
      },
    ],
  },
  {
    id: "emptied-before-nodes-follow",
    thread: "https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1064",
    was: "old targets ended while the load balancer still sent requests to them",
    scene: "fading-deploy",
    patches: [
      {
        file: "shared/domain/head.ts",
        find: "nowMs - Date.parse(head.ruleChangedAt) < propagationSeconds * 1000;",
        replace: "nowMs < 0;",
      },
    ],
  },
  {
    id: "canary-replaced-before-the-rule",
    thread: "https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3588",
    was: "the canary's targets went before the rule that sent requests to them had changed",
    patches: [
      {
        file: "shared/reaping.ts",
        find: "if (isServing(group, standing)) return",
        replace: "if (!standing) return",
      },
      {
        file: "functions/cutover.ts",
        find: "if (!candidate) return ready();",
        replace: "return ready();",
      },
    ],
  },
  {
    id: "failed-release-keeps-its-requests",
    thread: "https://github.com/manheim/cf_deployer/issues/39",
    was: "after a failed deploy both colours were active",
    patches: [
      {
        file: "functions/cutover.ts",
        find: "if (!candidate) return ready();",
        replace: "if (candidate || !rule || !named) return ready();",
      },
    ],
  },
  {
    id: "abort-with-nothing-under-way",
    thread: "https://github.com/argoproj/argo-rollouts/issues/1292",
    was: "an abort with nothing in progress scaled the stable version to zero",
    patches: [
      {
        file: "shared/domain/head.ts",
        find: "const held = new Set([head.live?.generation, hot, head.pending?.generation]);",
        replace: "const held = new Set([hot]);",
      },
      {
        file: "shared/reaping.ts",
        find: "if (head.live?.generation === generation) return",
        replace: "if (!head) return",
      },
      {
        file: "shared/reaping.ts",
        find: "if (isServing(group, standing)) return",
        replace: "if (!standing) return",
      },
    ],
  },
  {
    id: "cancel-does-not-go-back",
    thread: "https://github.com/spinnaker/kayenta/issues/612",
    was: "what a cancelled run had done was not undone",
    patches: [
      {
        file: "functions/cutover.ts",
        find: 'if (request.direction === "restore") return restore(request, release, world);',
        replace: 'if (request.direction === "restore") return ready();',
      },
    ],
  },
  {
    id: "two-rules-after-a-lost-answer",
    thread: "https://github.com/boto/boto3/issues/917",
    was: "a request whose answer was lost was sent again, and took effect twice",
    faults: { scenario: "first-deploy", kind: "reply-lost", at: /^cutover .*CreateRule/ },
    patches: [
      {
        file: "shared/aws/traffic.ts",
        find: "if (await this.#isMade(release, role, generation)) return;",
        replace: "if (role === undefined) return;",
      },
    ],
  },
  {
    id: "rollback-to-the-same",
    thread: "https://github.com/hashicorp/terraform-provider-aws/issues/34189",
    was: "a rollback went back to the configuration that had just failed",
    patches: [
      {
        file: "shared/domain/head.ts",
        find: "if (standby && isGood(standby.generation)) return standby.generation;",
        replace: "if (live) return live.generation;",
      },
    ],
  },
  {
    id: "no-way-back-while-observing",
    thread: "https://github.com/spinnaker/spinnaker/issues/1955",
    was: "a rollback left what a half-done deploy had built",
    scene: "rollback-while-observing",
    patches: [
      {
        file: "shared/domain/head.ts",
        find: "if (live && serving !== undefined && serving !== live.generation && isGood(live.generation)) return live.generation;",
        replace: "",
      },
    ],
  },
  {
    id: "orphan-serves-for-good",
    thread: "https://github.com/argoproj/argo-rollouts/issues/1774",
    was: "after an interrupted deploy nothing that came later put the service right",
    scene: "failure-after-interruption",
    patches: [
      {
        file: "shared/admission/recover.ts",
        find: "if (serving === undefined || serving === head.live?.generation) return head;",
        replace: "if (serving !== null) return head;",
      },
    ],
  },
];
