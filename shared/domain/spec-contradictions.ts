import type { Problem } from "./problems.ts";

/** The value of a key, of a document that may be anything. */
export function at(document: unknown, ...path: string[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Keys that are each fine and cannot all be meant. Values of a wrong type are the schema's to report. */
export function contradictions(document: unknown): Problem[] {
  const problems: Problem[] = [];
  const [min, max] = [at(document, "capacity", "min"), at(document, "capacity", "max")];
  if (typeof min === "number" && typeof max === "number" && max < min) {
    problems.push({ path: "capacity.max", message: `is ${max}, below capacity.min ${min}` });
  }
  const scaling = at(document, "capacity", "scaling");
  if (scaling !== null && typeof scaling === "object" && Object.keys(scaling).length === 0) {
    problems.push({ path: "capacity.scaling", message: "needs cpuPercent, requestsPerMinute or both" });
  }
  const { intervalSeconds: every = 5, timeoutSeconds: patience = 4 } = Object(at(document, "healthCheck"));
  if (typeof every === "number" && typeof patience === "number" && patience >= every) {
    problems.push({ path: "healthCheck.timeoutSeconds", message: "must be below healthCheck.intervalSeconds" });
  }
  problems.push(...deployContradictions(document), ...probeContradictions(document), ...commandProblems(document));
  const layers = at(document, "layers");
  if (Array.isArray(layers) && layers.length !== new Set(layers).size) {
    problems.push({ path: "layers", message: "names a layer twice" });
  }
  return problems;
}

/** Unit: seconds. Steps and observation together; the deploy machine gives up after six hours, baking and launching included. */
const longestCutoverSeconds = 4 * 3600;

function probeContradictions(document: unknown): Problem[] {
  const probes = at(document, "validate", "probes");
  return (Array.isArray(probes) ? probes : []).flatMap((one, index) => {
    const { count = 5, atLeast } = Object(one);
    return atLeast > count
      ? [{ path: `validate.probes.${index}.atLeast`, message: `is ${atLeast}, above count ${count}` }]
      : [];
  });
}

function commandProblems(document: unknown): Problem[] {
  const { commands, timeoutSeconds: patience = 300 } = Object(at(document, "validate"));
  const all: unknown[] = Array.isArray(commands) ? commands : [];
  const problems = all.flatMap((one, index): Problem[] => {
    const { name, timeoutSeconds = 60 } = Object(one);
    const first = all.findIndex((other) => Object(other).name === name);
    const path = `validate.commands.${index}`;
    return [
      ...(timeoutSeconds > patience
        ? [
            {
              path: `${path}.timeoutSeconds`,
              message: `is ${timeoutSeconds}, above validate.timeoutSeconds ${patience}`,
            },
          ]
        : []),
      ...(first < index ? [{ path: `${path}.name`, message: `is the name of command ${first} as well` }] : []),
    ];
  });
  const needsAgent = all.length > 0 || at(document, "deploy", "once") !== undefined;
  if (needsAgent && at(document, "instanceProfile") === undefined) {
    const message = "is missing: without a profile no agent can be asked to run validate.commands or deploy.once";
    problems.push({ path: "instanceProfile", message });
  }
  return problems;
}

function deployContradictions(document: unknown): Problem[] {
  const problems: Problem[] = [];
  const { strategy, steps, stepPercent, intervalSeconds } = Object(at(document, "deploy"));
  if (steps !== undefined && strategy !== "canary") {
    problems.push({ path: "deploy.steps", message: "belongs to strategy canary" });
  }
  if (stepPercent !== undefined && strategy !== "linear") {
    problems.push({ path: "deploy.stepPercent", message: "belongs to strategy linear" });
  }
  const rising = Array.isArray(steps) && steps.every((step, index) => index === 0 || step > steps[index - 1]);
  if (Array.isArray(steps) && !rising) problems.push({ path: "deploy.steps", message: "must rise from step to step" });
  const { deadlineSeconds } = Object(at(document, "deploy", "approval"));
  const asked = at(document, "deploy", "judge");
  if (asked !== undefined && strategy !== "canary" && strategy !== "linear") {
    problems.push({ path: "deploy.judge", message: "belongs to strategy canary or linear: it compares two releases" });
  }
  const { waitSeconds = asked === undefined ? 0 : 600 } = Object(asked);
  const canary = strategy === "canary" ? (Object(steps).length ?? 1) : 0;
  const watched = strategy === "linear" ? Math.ceil(100 / (stepPercent ?? 20)) - 1 : canary;
  if (watched * (intervalSeconds + waitSeconds) + (deadlineSeconds ?? 0) > longestCutoverSeconds) {
    const what = deadlineSeconds === undefined ? `${watched} steps` : `${watched} steps and the approval`;
    const message = `makes ${what} take more than ${longestCutoverSeconds} s together`;
    problems.push({ path: "deploy.intervalSeconds", message });
  }
  return problems;
}
