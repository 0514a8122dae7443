import { ElasticLoadBalancingV2Client, ModifyRuleCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfiguration } from "../../cli/aws/connection.ts";
import { readStatus } from "../../cli/explain/service-status.ts";
import { parameterNames } from "../../shared/aws/parameters.ts";
import { knownBases } from "../../shared/domain/service-spec.ts";
import { AwsCli } from "./support/aws-cli.ts";
import { type EarlierServer, startEarlierServer } from "./support/earlier-server.ts";
import { openWorld, type World } from "./support/world.ts";

interface Rule {
  RuleArn: string;
  Priority: string;
  Actions: unknown[];
}

let world: World;
let aws: AwsCli;
let listenerArn: string;
let earlier: EarlierServer;
let theirs: Rule[];

const rules = async () =>
  (await aws.json<{ Rules: Rule[] }>("elbv2", "describe-rules", "--listener-arn", listenerArn)).Rules;
const kilnRule = async () => (await rules()).find(({ Priority }) => Priority === "99");
/** What somebody else's tooling does that knows nothing of Kiln: it puts Kiln's rule back to what it was once. */
const revert = async () => {
  const forward = `Type=forward,TargetGroupArn=${earlier.targetGroupArn}`;
  await aws.text("elbv2", "modify-rule", "--rule-arn", (await kilnRule())?.RuleArn ?? "", "--actions", forward);
};
const failed = { status: "FAILED" } as const;

beforeAll(async () => {
  world = await openWorld({ timeFactor: 20, spec: { observeSeconds: 10 } });
  aws = new AwsCli(world.embedded.cloud.endpoint);
  listenerArn = (await world.stage.parameters.read(parameterNames.listener("dev"))) ?? "";
  const vpcId = (await aws.text("ec2", "describe-vpcs", "--query", "Vpcs[0].VpcId", "--output", "text")).trim();
  const { architecture, instanceType } = world.spec;
  const imageId = (await world.stage.parameters.read(knownBases.al2023[architecture])) ?? "";
  earlier = await startEarlierServer(aws, imageId, instanceType, vpcId);
  const create = ["elbv2", "create-rule", "--listener-arn", listenerArn];
  const forward = `Type=forward,TargetGroupArn=${earlier.targetGroupArn}`;
  await aws.text(...create, "--priority", "100", "--conditions", "Field=path-pattern,Values=/*", "--actions", forward);
  const fixed = "Type=fixed-response,FixedResponseConfig={StatusCode=204}";
  await aws.text(
    ...create,
    "--priority",
    "50",
    "--conditions",
    "Field=path-pattern,Values=/other/*",
    "--actions",
    fixed,
  );
  await world.answers("earlier");
  theirs = await rules();
});
afterAll(async () => world?.close());

describe("a service on a listener that carries it already", () => {
  it("is refused by the rule's name as long as its spec does not say adopt, before anything exists", async () => {
    const ended = await world.ended(await world.push("0.9.0"));
    expect(ended).toMatchObject({
      ...failed,
      error: "RouteRefusedError",
      cause: expect.stringMatching(/priority 100/),
    });
    expect((await world.inventory()).generations()).toEqual([]);
    expect(await rules()).toEqual(theirs);
  });

  it("goes live by a rule of its own right before the one that it adopts, and drops no request", async () => {
    await world.apply({ adopt: true });
    const load = world.steadyLoad(40);
    const first = await world.ended(await world.push("1.0.0"));
    expect(first.cause ?? "").toBe("");
    expect(first).toMatchObject({ status: "SUCCEEDED" });
    await world.answers("1.0.0");
    expect((await load.stop()).failed).toBe(0);
    expect(await kilnRule()).toBeDefined();
    expect((await rules()).filter(({ Priority }) => Priority !== "99")).toEqual(theirs);
  });

  it("goes back to generation 0 by taking its rule away, and forward again to the fleet that stands by", async () => {
    const load = world.steadyLoad(40);
    const back = await world.ended(await world.start("rollback", { service: "web" }));
    expect(back).toMatchObject({ status: "SUCCEEDED", path: ["PreEmpt", "CutOver", "Settle", "RolledBack"] });
    await world.answers("earlier");
    const { live, standby } = await world.stage.ledger.head("web");
    expect([live, standby?.generation]).toEqual([null, "web-000001"]);
    expect((await world.inventory()).production).toEqual([]);
    expect((await rules()).filter(({ Priority }) => Number(Priority) > 98 || Priority === "default")).toEqual(
      theirs.filter(({ Priority }) => Priority !== "50"),
    );

    const forward = await world.ended(await world.start("rollback", { service: "web" }));
    expect(forward.path).toEqual(["PreEmpt", "CutOver", "Settle", "RolledBack"]);
    await world.answers("1.0.0");
    expect((await load.stop()).failed).toBe(0);
  });
});

describe("a rule that somebody else's tooling reverts", () => {
  it("is told by status, sweep, deploy and rollback, and overwritten by none of them", async () => {
    await revert();
    await world.answers("earlier");
    const edited = await kilnRule();
    const differs = expect.stringMatching(/expected web-000001-\w+ 1 .*found earlier 1/);

    expect(await readStatus(world.stage, "web")).toMatchObject({ unexplained: differs });
    const conflict = { ...failed, error: "RuleConflictError", cause: differs };
    expect(await world.ended(await world.start("rollback", { service: "web", to: "web-000001" }))).toMatchObject(
      conflict,
    );
    expect(await world.ended(await world.push("1.1.0"))).toMatchObject(conflict);
    expect(await world.ended(await world.start("sweep", {}))).toMatchObject({ ...failed, cause: differs });
    expect(await kilnRule()).toEqual(edited);
    expect((await world.live()).version).toBe("earlier");
  });

  it("is taken over again by a deploy that is told to accept it", async () => {
    const asked = { service: "web", version: "1.1.0", acceptRule: true };
    expect(await world.ended(await world.start("deploy", asked))).toMatchObject({ status: "SUCCEEDED" });
    await world.answers("1.1.0");
    expect(await readStatus(world.stage, "web")).toMatchObject({ unexplained: undefined });
  });

  it("does not make a deploy live that it took the requests away from, and stays as it is", async () => {
    await world.apply({ adopt: true, observeSeconds: 120 });
    const deploy = await world.push("1.2.0");
    const { RuleArn } = (await kilnRule()) ?? {};
    const elb = new ElasticLoadBalancingV2Client(clientConfiguration(world.stage.connection));
    await world.answers("1.2.0");
    // The AWS CLI takes seconds to start, and modelled time passes twenty times as fast.
    const forward = { Type: "forward", TargetGroupArn: earlier.targetGroupArn } as const;
    await elb.send(new ModifyRuleCommand({ RuleArn, Actions: [forward] }));
    elb.destroy();
    const ended = await world.ended(deploy);
    expect(ended).toMatchObject({
      ...failed,
      error: "RuleConflictError",
      cause: expect.stringMatching(/found earlier 1/),
    });
    expect(ended.path.slice(-5)).toEqual(["Settle", "RestoreTraffic", "ReapCandidate", "SettleFailure", "FailedClean"]);
    expect((await world.stage.ledger.head("web")).live?.generation).toBe("web-000002");
    expect((await world.inventory()).generations()).not.toContain("web-000003");
    expect((await kilnRule())?.Actions).toHaveLength(1);
    await world.answers("earlier");
  });
});
