import { beforeAll, describe, expect, it } from "vitest";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { stageName } from "../../scripts/simulate/simulated-stage.ts";

interface Resource {
  Type: string;
  Properties: {
    FunctionName?: string;
    StateMachineName?: string;
    TracingConfig?: { Mode: string };
    TracingConfiguration?: { Enabled: boolean };
    LoggingConfiguration?: { Level: string; Destinations: unknown[] };
    Role?: { "Fn::GetAtt": [string, string] };
    RoleArn?: { "Fn::GetAtt": [string, string] };
    Policies?: { PolicyDocument: { Statement: { Action: string | string[] }[] } }[];
  };
}

let resources: Record<string, Resource>;

beforeAll(async () => {
  const files = await packageInMemory(stageName);
  const name = (await files.names()).find((one) => /template-update-stack\.json$/.test(one)) ?? "";
  resources = JSON.parse(Buffer.from(await files.read(name)).toString("utf8")).Resources;
}, 120_000);

const ofType = (type: string) => Object.values(resources).filter(({ Type }) => Type === type);

/** Whether the role that a resource runs as may send traces. */
function maySendTraces({ Properties: { Role, RoleArn } }: Resource): boolean {
  const policies = resources[(Role ?? RoleArn)?.["Fn::GetAtt"][0] ?? ""]?.Properties.Policies ?? [];
  const actions = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(({ Action }) => Action));
  return ["xray:PutTraceSegments", "xray:PutTelemetryRecords"].every((action) => actions.includes(action));
}

describe("the packaged template", () => {
  it("traces every state machine, with a role that may send the traces", () => {
    const machines = ofType("AWS::StepFunctions::StateMachine");
    expect(machines.map(({ Properties }) => Properties.StateMachineName).sort()).toEqual(
      ["deploy", "refresh", "rollback", "sweep"].map((name) => `kiln-${stageName}-${name}`),
    );
    for (const machine of machines) {
      expect(machine.Properties.TracingConfiguration).toEqual({ Enabled: true });
      expect(maySendTraces(machine)).toBe(true);
    }
  });

  it("traces every handler likewise, but for the probe, which has no permission at all", () => {
    const handlers = ofType("AWS::Lambda::Function").filter(({ Properties }) =>
      Properties.FunctionName?.startsWith(`kiln-${stageName}-`),
    );
    const modes = handlers.map((one) => [
      one.Properties.FunctionName,
      one.Properties.TracingConfig?.Mode,
      maySendTraces(one),
    ]);
    const active = ["admit", "bake", "base", "cutover", "launch", "reap", "settle", "validate"];
    expect(modes.sort()).toEqual(
      [
        ...active.map((name) => [`kiln-${stageName}-${name}`, "Active", true]),
        [`kiln-${stageName}-probe`, "PassThrough", false],
      ].sort(),
    );
  });

  it("logs every execution, all of its events", () => {
    for (const { Properties } of ofType("AWS::StepFunctions::StateMachine")) {
      expect(Properties.LoggingConfiguration).toMatchObject({ Level: "ALL", Destinations: [expect.anything()] });
    }
  });
});
