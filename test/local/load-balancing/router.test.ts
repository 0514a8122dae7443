import { beforeEach, describe, expect, it } from "vitest";
import type { RoutedRequest } from "../../../local/load-balancing/router.ts";
import { fixed, forwardTo, path, World } from "./world.ts";

let world: World;
let balancer: string;
let old: string;
let next: string;

beforeEach(async () => {
  world = new World();
  await world.kernel.start();
  balancer = await world.balancer();
  old = await world.group("old");
  next = await world.group("next");
  await world.register(old, "i-00000001", "i-00000002");
  await world.register(next, "i-00000003");
});

function request(
  parts: Partial<RoutedRequest> & { headers?: Record<string, string>; cookies?: Record<string, string> } = {},
): RoutedRequest {
  return {
    method: "GET",
    host: "web.example.com",
    path: "/",
    query: "",
    sourceIp: "127.0.0.1",
    header: (name) => (parts.headers?.[name] === undefined ? [] : [parts.headers[name]]),
    cookie: (name) => parts.cookies?.[name],
    ...parts,
  };
}

/** Healthy targets answer by group name; anything else by its kind. */
function answer(listener: string, node = 0, asked = request()): string {
  const decision = world.service.router.route(balancer, node, listener, asked);
  if (decision?.kind === "forward") return `${decision.groupArn.split("/")[1]} ${decision.target.id}`;
  if (decision?.kind === "respond") return decision.action.FixedResponseConfig?.StatusCode ?? "redirect";
  return decision?.kind ?? "no listener";
}

function groupsOf(listener: string, times: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < times; index++) {
    const [name = ""] = answer(listener).split(" ");
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe("a node", () => {
  it("tries rules by priority and takes the first whose conditions are all met", async () => {
    const listener = await world.listener(balancer, fixed("404"));
    const header = { Field: "http-header", HttpHeaderConfig: { HttpHeaderName: "X-Kiln-Trial", Values: ["s3cret"] } };
    await world.rule(listener, 1, [header, path("/*")], fixed("201"));
    await world.rule(listener, 2, [{ Field: "host-header", Values: ["*.example.com"] }], fixed("202"));
    expect(answer(listener, 0, request({ headers: { "x-kiln-trial": "S3CRET" } }))).toBe("201");
    expect(answer(listener, 0, request({ headers: { "x-kiln-trial": "other" } }))).toBe("202");
    expect(answer(listener, 0, request({ host: "elsewhere.org" }))).toBe("404");
  });

  it.each([
    ["path", path("/img/*.p?g"), request({ path: "/img/a/b.png" }), request({ path: "/IMG/a.png" })],
    [
      "method",
      { Field: "http-request-method", HttpRequestMethodConfig: { Values: ["POST"] } },
      request({ method: "POST" }),
      request(),
    ],
    [
      "query",
      { Field: "query-string", QueryStringConfig: { Values: [{ Key: "v", Value: "2*" }] } },
      request({ query: "a=1&V=2x" }),
      request({ query: "v=1" }),
    ],
    [
      "source",
      { Field: "source-ip", SourceIpConfig: { Values: ["127.0.0.0/8"] } },
      request(),
      request({ sourceIp: "10.0.0.1" }),
    ],
  ])("matches a %s condition", async (_, condition, matching, other) => {
    const listener = await world.listener(balancer, fixed("404"));
    await world.rule(listener, 1, [condition], fixed("200"));
    expect(answer(listener, 0, matching)).toBe("200");
    expect(answer(listener, 0, other)).toBe("404");
  });

  // Semantic: ELBv2: weights 0–999, five groups for each action. Source: Application Load Balancers guide, "Listener
  // rules": forward actions.
  it("shares requests among groups by weight and never sends one to weight 0", async () => {
    const listener = await world.listener(balancer, forwardTo([old, 900], [next, 100]));
    await world.clock.advance(0);
    const shares = groupsOf(listener, 1000);
    expect(shares["next"]).toBeGreaterThan(60);
    expect(shares["next"]).toBeLessThan(140);
    await world.call("ModifyListener", { ListenerArn: listener, DefaultActions: forwardTo([old, 0], [next, 100]) });
    expect(groupsOf(listener, 100)).toEqual({ next: 100 });
  });

  // Semantic: ELBv2: fail-open. Source: Application Load Balancers guide, "Target group health": fail-open routing.
  it("takes healthy targets in turn, and all of them when none is healthy", async () => {
    const listener = await world.listener(balancer, forwardTo(old));
    await world.clock.advance(0);
    expect(new Set([answer(listener), answer(listener)])).toEqual(new Set(["old i-00000001", "old i-00000002"]));
    const fail = (id: string) => {
      for (let time = 0; time < 2; time++) world.service.reportProbe(old, id, 8080, { kind: "failed" });
    };
    fail("i-00000001");
    expect([answer(listener), answer(listener)]).toEqual(["old i-00000002", "old i-00000002"]);
    fail("i-00000002");
    expect(new Set([answer(listener), answer(listener)])).toEqual(new Set(["old i-00000001", "old i-00000002"]));
  });

  it("answers unavailable without targets, with all weights 0, and sends nothing to a draining target", async () => {
    const empty = await world.group("empty");
    const listener = await world.listener(balancer, forwardTo(empty));
    expect(answer(listener)).toBe("unavailable");
    await world.call("ModifyListener", { ListenerArn: listener, DefaultActions: forwardTo([old, 0], [next, 0]) });
    expect(answer(listener)).toBe("unavailable");
    await world.call("ModifyListener", { ListenerArn: listener, DefaultActions: forwardTo(next) });
    await world.clock.advance(0);
    expect(answer(listener)).toBe("next i-00000003");
    await world.call("DeregisterTargets", { TargetGroupArn: next, Targets: [{ Id: "i-00000003" }] });
    expect(answer(listener)).toBe("unavailable");
  });

  // Semantic: ELBv2: stickiness. Source: Application Load Balancers guide, "Sticky sessions": target group stickiness
  // and weights.
  it("keeps a client with its group while group stickiness lasts, whatever the weights become", async () => {
    const sticky = (weights: [number, number]) => [
      {
        Type: "forward" as const,
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: old, Weight: weights[0] },
            { TargetGroupArn: next, Weight: weights[1] },
          ],
          TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 },
        },
      },
    ];
    const listener = await world.listener(balancer, sticky([1, 0]));
    await world.clock.advance(0);
    const first = world.service.router.route(balancer, 0, listener, request());
    const cookie = first?.kind === "forward" ? (first.cookies[0]?.match(/^AWSALBTG=([^;]+)/)?.[1] ?? "") : "";
    const again = request({ cookies: { AWSALBTG: cookie } });
    await world.call("ModifyListener", { ListenerArn: listener, DefaultActions: sticky([0, 1]) });
    expect(answer(listener, 0, again)).toMatch(/^old/);
    expect(answer(listener)).toMatch(/^next/);
    await world.clock.advance(61_000);
    expect(answer(listener, 0, again)).toMatch(/^next/);
  });

  it("gives a target in slow start a growing share only", async () => {
    const listener = await world.listener(balancer, forwardTo(old));
    await world.clock.advance(0);
    const Attributes = [{ Key: "slow_start.duration_seconds", Value: "100" }];
    await world.call("ModifyTargetGroupAttributes", { TargetGroupArn: old, Attributes });
    await world.register(old, "i-00000003");
    await world.clock.advance(10_000);
    const early = Array.from({ length: 600 }, () => answer(listener)).filter(
      (text) => text === "old i-00000003",
    ).length;
    expect(early).toBeLessThan(60);
    await world.clock.advance(100_000);
    const late = Array.from({ length: 600 }, () => answer(listener)).filter((text) => text === "old i-00000003").length;
    expect(late).toBe(200);
  });
});

describe("a change of rules", () => {
  // Semantic: ELBv2: propagation delay of each node. Source: Elastic Load Balancing guide, "Update listener rules":
  // rule updates do not take effect immediately; argoproj/argo-rollouts issue 3333.
  it("reaches each node after a delay of its own, so for a while they differ", async () => {
    const slow = new World({ rulePropagationMinSeconds: 1, rulePropagationMaxSeconds: 8 });
    await slow.kernel.start();
    world = slow;
    balancer = await slow.balancer();
    const listener = await slow.listener(balancer, fixed("200"));
    expect([answer(listener, 0), answer(listener, 1)]).toEqual(["no listener", "no listener"]);
    await slow.clock.advance(8000);
    expect([answer(listener, 0), answer(listener, 1)]).toEqual(["200", "200"]);
    await slow.call("ModifyListener", { ListenerArn: listener, DefaultActions: fixed("500") });
    const seen = new Set<string>();
    for (let step = 0; step <= 80; step++) {
      seen.add(`${answer(listener, 0)} ${answer(listener, 1)}`);
      await slow.clock.advance(100);
    }
    expect(seen.has("200 200")).toBe(true);
    expect(seen.has("500 500")).toBe(true);
    expect(seen.size).toBe(3);
  });

  it("is never replaced by an older one that was slower", async () => {
    const slow = new World({ rulePropagationMinSeconds: 1, rulePropagationMaxSeconds: 60 });
    await slow.kernel.start();
    world = slow;
    balancer = await slow.balancer();
    const listener = await slow.listener(balancer, fixed("200"));
    for (let status = 201; status < 220; status++) {
      await slow.call("ModifyListener", { ListenerArn: listener, DefaultActions: fixed(String(status)) });
    }
    let before = 0;
    for (let step = 0; step < 120; step++) {
      const { version } = slow.service.nodeConfiguration(balancer, 0);
      expect(version).toBeGreaterThanOrEqual(before);
      before = version;
      await slow.clock.advance(500);
    }
    expect(answer(listener, 0)).toBe("219");
  });
});
