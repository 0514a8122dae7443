import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { expect, test } from "vitest";
import { findingLines } from "../../../cli/commands/doctor.ts";
import { about, findings } from "../../../cli/doctor/finding.ts";
import { checkInstanceType, checkSecurityGroups, checkSubnets } from "../../../cli/doctor/network-checks.ts";
import { specCheck } from "../../../cli/doctor/service-checks.ts";
import { plain } from "../../../cli/terminal/colour.ts";
import { NetworkError } from "../../../shared/errors.ts";
import { settledStage } from "../support/fake-stage.ts";
import { releaseWith, specWith } from "../support/releases.ts";

const { network } = releaseWith();
const spec = specWith();

/** A client that answers each command, by its name, with one answer. */
function answering<C>(answers: Record<string, unknown>): C {
  const send = async (command: object) => answers[command.constructor.name.replace(/Command$/, "")] ?? {};
  return { send } as C;
}

const verdicts = async (found: Promise<{ verdict: string }[]>) => (await found).map(({ verdict }) => verdict);

test("an error is a finding: its own fix for Kiln's, not checked when it may not be read or is not there", async () => {
  const named = (name: string) => Object.assign(new Error("no"), { name });
  const throwing = (error: Error) => ({ subject: "x", look: () => Promise.reject(error) });
  const told: string[] = [];
  const found = await findings(
    [
      throwing(new NetworkError("Listener l does not exist.", "Name another.")),
      throwing(named("AccessDenied")),
      throwing(named("NotImplemented")),
      throwing(named("Boom")),
      { subject: "y", look: async () => [about("y").ok("fine")] },
    ],
    ({ verdict }) => told.push(verdict),
  );
  expect(told).toEqual(["fail", "not checked", "not checked", "fail", "ok"]);
  expect(found[0]).toEqual({ subject: "x", verdict: "fail", says: "Listener l does not exist.", fix: "Name another." });
});

test("a finding is a line, with how to mend it below", () => {
  expect(findingLines(about("key").ok("is enabled"), plain)).toEqual(["ok           key              is enabled"]);
  const [, fix] = findingLines(about("key").fail("is disabled", "Enable it."), plain);
  expect(fix?.trim()).toBe("Enable it.");
});

test.each([
  [100, "ok"],
  [3, "warn"],
  [1, "fail"],
])("%i free addresses for a service of 2 to 4 servers: %s", async (AvailableIpAddressCount, verdict) => {
  const ec2 = answering<EC2Client>({ DescribeSubnets: { Subnets: [{ AvailableIpAddressCount }] } });
  expect(await verdicts(checkSubnets(ec2, network, spec))).toEqual([verdict]);
});

const fromBalancer = {
  IpProtocol: "tcp",
  FromPort: 8000,
  ToPort: 9000,
  UserIdGroupPairs: [{ GroupId: "sg-balancer" }],
};

test.each([
  ["the load balancer's group", fromBalancer, "ok"],
  ["any address, every protocol", { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }, "ok"],
  ["another port", { ...fromBalancer, ToPort: 8001 }, "warn"],
  ["another group", { ...fromBalancer, UserIdGroupPairs: [{ GroupId: "sg-other" }] }, "warn"],
])("a security group that admits %s", async (_, rule, verdict) => {
  const groups = [{ GroupId: "sg-1", VpcId: "vpc-1", IpPermissions: [rule] }];
  const ec2 = answering<EC2Client>({ DescribeSecurityGroups: { SecurityGroups: groups } });
  const elb = answering<ElasticLoadBalancingV2Client>({
    DescribeLoadBalancers: { LoadBalancers: [{ SecurityGroups: ["sg-balancer"] }] },
  });
  expect(await verdicts(checkSecurityGroups(ec2, elb, network, spec))).toEqual([verdict]);
});

test.each([
  [["zone-a", "zone-b"], ["x86_64"], "ok"],
  [["zone-a"], ["x86_64"], "warn"],
  [[], ["x86_64"], "fail"],
  [["zone-a", "zone-b"], ["arm64"], "fail"],
])("an instance type offered in %j for %j", async (zones, SupportedArchitectures, verdict) => {
  const ec2 = answering<EC2Client>({
    DescribeSubnets: { Subnets: [{ AvailabilityZone: "zone-a" }, { AvailabilityZone: "zone-b" }] },
    DescribeInstanceTypeOfferings: { InstanceTypeOfferings: zones.map((Location) => ({ Location })) },
    DescribeInstanceTypes: { InstanceTypes: [{ ProcessorInfo: { SupportedArchitectures } }] },
  });
  expect(await verdicts(checkInstanceType(ec2, network, spec))).toEqual([verdict]);
});

test("without a spec in force nothing more is asked of a service", async () => {
  const found: unknown[] = [];
  const { look } = specCheck(settledStage(), "web", (one) => found.push(one));
  expect(await look()).toMatchObject([{ verdict: "fail", says: "no spec of web is in force" }]);
  expect(found).toEqual([]);
});
