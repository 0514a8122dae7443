import { beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { KmsService } from "../../../local/kms/service.ts";

const admin: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/admin",
  accountId: "123456789012",
  name: "admin",
};

let kernel: Kernel;
let clock: VirtualClock;
let kms: KmsService;
const call = <O>(operation: string, input: unknown) => kernel.call<O>("kms", operation, input, admin);

beforeEach(async () => {
  clock = new VirtualClock();
  kernel = new Kernel(settingsWith(), clock);
  kernel.judge = () => undefined;
  kms = new KmsService(kernel);
  kernel.register(kms);
  await kernel.start();
});

async function newKey(): Promise<string> {
  const made = await call<{ KeyMetadata: { KeyId: string } }>("CreateKey", {});
  return made.KeyMetadata.KeyId;
}

describe("KMS", () => {
  it("leads an alias, an id and an ARN to the same key", async () => {
    const id = await newKey();
    await call("CreateAlias", { AliasName: "alias/kiln-dev", TargetKeyId: id });
    expect(kms.arnOf("alias/kiln-dev")).toBe(kms.arnOf(id));
    expect(kms.arnOf(kms.arnOf(id))).toBe(kms.arnOf(id));
  });

  it("has the account's key for EBS from the start, and lets nobody change it", async () => {
    expect(kms.arnOf(undefined)).toBe(kms.arnOf("alias/aws/ebs"));
    await expect(call("DisableKey", { KeyId: kms.arnOf(undefined) })).rejects.toMatchObject({
      code: "AccessDeniedException",
    });
  });

  it("refuses a second alias of the same name, and one in AWS's own space", async () => {
    const id = await newKey();
    await call("CreateAlias", { AliasName: "alias/x", TargetKeyId: id });
    await expect(call("CreateAlias", { AliasName: "alias/x", TargetKeyId: id })).rejects.toMatchObject({
      code: "AlreadyExistsException",
    });
    await expect(call("CreateAlias", { AliasName: "alias/aws/x", TargetKeyId: id })).rejects.toMatchObject({
      code: "NotAuthorizedException",
    });
  });

  it("does not let a disabled key be used", async () => {
    const id = await newKey();
    await call("DisableKey", { KeyId: id });
    expect(() => kms.assertUsable(kms.arnOf(id), admin, ["kms:CreateGrant"])).toThrow(/is disabled/);
  });

  it("says who lacks which action on which key", async () => {
    const id = await newKey();
    kernel.judge = () => "because no identity-based policy allows the kms:CreateGrant action";
    expect(() => kms.assertUsable(kms.arnOf(id), admin, ["kms:CreateGrant"])).toThrow(
      `User: ${admin.arn} is not authorized to perform: kms:CreateGrant on resource: ${kms.arnOf(id)}`,
    );
  });

  it("deletes a key only after the waiting time, and not when the deletion is cancelled", async () => {
    const [gone, kept] = [await newKey(), await newKey()];
    await call("ScheduleKeyDeletion", { KeyId: gone, PendingWindowInDays: 7 });
    await call("ScheduleKeyDeletion", { KeyId: kept, PendingWindowInDays: 7 });
    await call("CancelKeyDeletion", { KeyId: kept });
    expect(() => kms.assertUsable(kms.arnOf(gone), admin, [])).toThrow(/pending deletion/);
    await clock.advance(8 * 86_400_000);
    expect(() => kms.arnOf(gone)).toThrow(/does not exist/);
    expect(kms.arnOf(kept)).toContain(kept);
  });

  it("refuses a policy that is none", async () => {
    await expect(call("CreateKey", { Policy: "allow everything" })).rejects.toMatchObject({
      code: "MalformedPolicyDocumentException",
    });
  });
});
