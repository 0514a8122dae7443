import type {
  CreateGrantCommandOutput,
  DecryptCommandOutput,
  EncryptCommandOutput,
  GenerateDataKeyCommandOutput,
} from "@aws-sdk/client-kms";
import { beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { administrator } from "../../../local/iam/administrator.ts";
import { IamService } from "../../../local/iam/service.ts";
import { KmsService } from "../../../local/kms/service.ts";

let kernel: Kernel;
let kms: KmsService;
let admin: Caller;
const worker: Caller = {
  kind: "role",
  arn: "arn:aws:sts::123456789012:assumed-role/worker/session",
  accountId: "123456789012",
  name: "worker",
};

beforeEach(async () => {
  const settings = settingsWith();
  kernel = new Kernel(settings, new VirtualClock());
  const iam = new IamService(kernel);
  kms = new KmsService(kernel);
  iam.onResourcePolicy(kernel.arn("kms", "key/"), (arn) => kms.keyPolicy(arn), "required");
  for (const service of [iam, iam.sts, kms]) kernel.register(service);
  await kernel.start();
  admin = administrator(settings);
});

function call<O = unknown>(operation: string, input: object, caller: Caller = admin): Promise<O> {
  return kernel.call<O>("kms", operation, input, caller);
}

async function makeKey(policy?: object): Promise<string> {
  const Policy = policy && JSON.stringify({ Version: "2012-10-17", ...policy });
  const made = await call<{ KeyMetadata: { Arn: string } }>("CreateKey", { Policy });
  return made.KeyMetadata.Arn;
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const account = {
  Effect: "Allow",
  Principal: { AWS: "arn:aws:iam::123456789012:root" },
  Action: "kms:*",
  Resource: "*",
};

describe("encryption", () => {
  it("comes back only with the same key and encryption context", async () => {
    const KeyId = await makeKey();
    const EncryptionContext = { service: "web" };
    const Plaintext = Buffer.from("hello");
    const sealed = await call<EncryptCommandOutput>("Encrypt", { KeyId, Plaintext, EncryptionContext });
    const { CiphertextBlob } = sealed;
    expect(text(CiphertextBlob)).not.toContain("hello");
    const opened = await call<DecryptCommandOutput>("Decrypt", { CiphertextBlob, EncryptionContext });
    expect(text(opened.Plaintext)).toBe("hello");
    await expect(call("Decrypt", { CiphertextBlob })).rejects.toMatchObject({ code: "InvalidCiphertextException" });
    const other = await makeKey();
    await expect(call("Decrypt", { CiphertextBlob, EncryptionContext, KeyId: other })).rejects.toMatchObject({
      code: "IncorrectKeyException",
    });
  });

  it("with a data key opens what the key sealed, and not once the key is disabled", async () => {
    const KeyId = await makeKey();
    const made = await call<GenerateDataKeyCommandOutput>("GenerateDataKey", { KeyId, KeySpec: "AES_256" });
    expect(made.Plaintext).toHaveLength(32);
    const opened = await call<DecryptCommandOutput>("Decrypt", { CiphertextBlob: made.CiphertextBlob });
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Buffer.from(made.Plaintext ?? []));
    await call("DisableKey", { KeyId });
    await expect(call("Decrypt", { CiphertextBlob: made.CiphertextBlob })).rejects.toMatchObject({
      code: "DisabledException",
    });
  });
});

describe("who may use a key", () => {
  it("is nobody whom its policy leaves out, whatever IAM allows", async () => {
    const Statement = [{ ...account, Principal: { AWS: worker.arn } }];
    const KeyId = await makeKey({ Statement });
    await expect(call("DescribeKey", { KeyId })).rejects.toMatchObject({ code: "AccessDeniedException" });
  });

  it("is whoever a grant names, for its operations only, until it is revoked", async () => {
    const KeyId = await makeKey();
    const Plaintext = Buffer.from("hello");
    await expect(call("Encrypt", { KeyId, Plaintext }, worker)).rejects.toMatchObject({
      code: "AccessDeniedException",
    });
    const GranteePrincipal = "arn:aws:iam::123456789012:role/kiln/dev/worker";
    const grant = await call<CreateGrantCommandOutput>("CreateGrant", {
      KeyId,
      GranteePrincipal,
      Operations: ["Encrypt"],
    });
    await call("Encrypt", { KeyId, Plaintext }, worker);
    await expect(call("DescribeKey", { KeyId }, worker)).rejects.toMatchObject({ code: "AccessDeniedException" });
    await call("RevokeGrant", { KeyId, GrantId: grant.GrantId });
    await expect(call("Encrypt", { KeyId, Plaintext }, worker)).rejects.toMatchObject({
      code: "AccessDeniedException",
    });
  });

  it("does not include Auto Scaling unless the key's policy says so", async () => {
    const scaling = kernel.serviceCaller("autoscaling.amazonaws.com");
    const closed = await makeKey({ Statement: [account] });
    expect(() => kms.assertUsable(closed, scaling, ["kms:CreateGrant"])).toThrow(
      /AWSServiceRoleForAutoScaling is not authorized to perform: kms:CreateGrant/,
    );
    const role =
      "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    const allowed = {
      Effect: "Allow",
      Principal: "*",
      Action: "kms:CreateGrant",
      Resource: "*",
      Condition: {
        StringEquals: { "kms:CallerAccount": "123456789012" },
        ArnEquals: { "aws:PrincipalArn": role },
        Bool: { "kms:GrantIsForAWSResource": "true" },
      },
    };
    const open = await makeKey({ Statement: [account, allowed] });
    kms.assertUsable(open, scaling, ["kms:CreateGrant"]);
    expect(() => kms.assertUsable(open, scaling, ["kms:Decrypt"])).toThrow(/kms:Decrypt/);
  });

  it("of the account's key for EBS is everyone, through EC2", async () => {
    kms.assertUsable(kms.arnOf(undefined), worker, ["kms:CreateGrant", "kms:Decrypt"]);
    await expect(
      call("Encrypt", { KeyId: "alias/aws/ebs", Plaintext: Buffer.from("x") }, worker),
    ).rejects.toMatchObject({
      code: "AccessDeniedException",
    });
  });
});
