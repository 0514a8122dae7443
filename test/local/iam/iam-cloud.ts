import { VirtualClock } from "../../../local/core/clock.ts";
import { type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { administrator } from "../../../local/iam/administrator.ts";
import { IamService } from "../../../local/iam/service.ts";

export const account = "123456789012";

/** A kernel with IAM and STS, and the administrator's calls to both. */
export function iamCloud() {
  const clock = new VirtualClock();
  const kernel = new Kernel(settingsWith(), clock);
  const iam = new IamService(kernel);
  kernel.register(iam);
  kernel.register(iam.sts);
  const admin = administrator(kernel.settings);
  const as =
    (caller: Caller, service = "iam") =>
    <O>(operation: string, input: object) =>
      kernel.call<O>(service, operation, input, caller);
  return { kernel, clock, iam, admin, call: as(admin), sts: as(admin, "sts"), as };
}

/** A trust policy that lets these principals in. */
export function trusting(principal: object): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }],
  });
}

/** A policy of statements that lack nothing but their effect being Allow. */
export function policyOf(...statements: object[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  });
}
