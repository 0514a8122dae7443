import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { expect, it } from "vitest";
import { attachToClient } from "../../../local/server/attach-to-client.ts";
import { Traffic } from "../../../shared/aws/traffic.ts";
import { tagKeys } from "../../../shared/domain/names.ts";
import { fixed, path, World } from "../../local/load-balancing/world.ts";

const caller = { kind: "user", arn: "arn:aws:iam::1:user/admin", accountId: "1", name: "admin" } as const;

/** A listener with rules of as many services, and a client before whose first call for tags some of them go away. */
async function sharedListener(services: number, gone: readonly number[]) {
  const world = new World();
  const listener = await world.listener(await world.balancer(), fixed("404"));
  const rules: string[] = [];
  for (let index = 0; index < services; index++) {
    const arn = await world.rule(listener, index + 1, [path(`/${index}`)], fixed("200"));
    rules.push(arn);
    const tags = { [tagKeys.stage]: "dev", [tagKeys.role]: "trial", [tagKeys.service]: `s${index}` };
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await world.call("AddTags", { ResourceArns: [arn], Tags });
    // As fast as AWS lets one account ask.
    await world.clock.advance(1_000);
  }
  let asked = 0;
  const kernel = {
    random: world.kernel.random,
    call: async <O>(...call: Parameters<typeof world.kernel.call>): Promise<O> => {
      if (call[1] === "DescribeTags" && asked++ === 0) {
        for (const index of gone) await world.call("DeleteRule", { RuleArn: rules[index] });
      }
      return world.kernel.call<O>(...call);
    },
  };
  const elb = new ElasticLoadBalancingV2Client({ region: "us-east-1" });
  const traffic = new Traffic(attachToClient(elb, kernel, "elasticloadbalancing", caller), "dev");
  return { traffic, listener, asked: () => asked };
}

it("reads the rules of a shared listener, all tags of a page in one call", async () => {
  const { traffic, listener, asked } = await sharedListener(20, []);
  expect(await traffic.rules(listener)).toHaveLength(20);
  expect(asked()).toBe(1);
});

it("leaves out rules that someone deletes while it reads, and no others", async () => {
  const { traffic, listener } = await sharedListener(6, [0, 4]);
  expect((await traffic.rules(listener)).map(({ service }) => service)).toEqual(["s1", "s2", "s3", "s5"]);
});

it("finds nothing when the only rule goes away while it reads", async () => {
  const { traffic, listener } = await sharedListener(1, [0]);
  expect(await traffic.rules(listener)).toEqual([]);
});
