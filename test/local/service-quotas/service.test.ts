import { EC2Client } from "@aws-sdk/client-ec2";
import { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { describe, expect, it } from "vitest";
import { checkVcpus } from "../../../cli/doctor/quota-checks.ts";
import { attachToClient } from "../../../local/server/attach-to-client.ts";
import { preloadModels } from "../../../scripts/simulate/preload.ts";
import { SimulatedCloud } from "../../../scripts/simulate/simulated-cloud.ts";
import { parseServiceSpec, type ServiceSpec } from "../../../shared/domain/service-spec.ts";

const vcpus = { ServiceCode: "ec2", QuotaCode: "L-1216C47A" };

async function open() {
  await preloadModels();
  const cloud = new SimulatedCloud(1);
  await cloud.start();
  const region = { region: "us-east-1" };
  const quotas = attachToClient(new ServiceQuotasClient(region), cloud.kernel, "servicequotas", cloud.administrator);
  const ec2 = attachToClient(new EC2Client(region), cloud.kernel, "ec2", cloud.administrator);
  return { quotas, ec2 };
}

function specOf(changes: object): ServiceSpec {
  const parsed = parseServiceSpec({
    service: "web",
    capacity: { min: 2, max: 4 },
    healthCheck: { path: "/" },
    ...changes,
  });
  if ("spec" in parsed) return parsed.spec;
  throw new Error(JSON.stringify(parsed.problems));
}

describe("Service Quotas", () => {
  it("tells the quota that launches are judged by, and knows no other", async () => {
    const { quotas } = await open();
    const { Quota } = await quotas.send(new GetServiceQuotaCommand(vcpus));
    expect(Quota).toMatchObject({ ...vcpus, Value: 256, Adjustable: true });
    const unknown = quotas.send(new GetServiceQuotaCommand({ ...vcpus, QuotaCode: "L-0" }));
    await expect(unknown).rejects.toMatchObject({ name: "NoSuchResourceException" });
  });

  it("lets doctor say whether a deploy at full size has room", async () => {
    const { quotas, ec2 } = await open();
    const verdict = async (changes: object) => (await checkVcpus(quotas, ec2, specOf(changes)))[0];
    expect(await verdict({})).toMatchObject({ verdict: "ok", says: "256 of 256 vCPUs are free, one t3.small has 2" });
    expect(await verdict({ capacity: { min: 2, max: 200 } })).toMatchObject({ verdict: "warn" });
    expect(await verdict({ capacity: { min: 200, max: 200 } })).toMatchObject({
      verdict: "fail",
      fix: expect.stringContaining("L-1216C47A"),
    });
  });
});
