import type {
  CreateKeyCommandInput,
  DescribeKeyCommandInput,
  ListKeyPoliciesCommandInput,
  ListKeysCommandInput,
  ListResourceTagsCommandInput,
  PutKeyPolicyCommandInput,
  ScheduleKeyDeletionCommandInput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
  UpdateKeyDescriptionCommandInput,
} from "@aws-sdk/client-kms";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import { validation } from "./errors.ts";
import type { KeyPermissions } from "./key-access.ts";
import { describeKey, type KeyRecord, keyArn } from "./key-record.ts";
import { defaultPolicy, invalidState, type KeyRing } from "./key-ring.ts";
import { page } from "./paging.ts";

/** Source: "AWS KMS quotas", key policy document size. */
const maxPolicyBytes = 32_768;
const deletionJob = "kms.delete-key";

type KeyInput = { KeyId?: string | undefined };

function tagsOf(list: readonly { TagKey?: string | undefined; TagValue?: string | undefined }[] | undefined) {
  return Object.fromEntries((list ?? []).map(({ TagKey, TagValue }) => [TagKey ?? "", TagValue ?? ""]));
}

/** Operations that make, show, change and remove keys. */
export function keyOperations(ring: KeyRing, permissions: KeyPermissions): Record<string, Operation> {
  const { kernel } = ring;
  kernel.jobs.on<{ keyId: string }>(deletionJob, ({ keyId }) => ring.destroy(keyId));
  // Judged in `run`, as grants count beside policies.
  const on = <I extends KeyInput>(
    action: string,
    run: (key: Readonly<KeyRecord>, input: I, call: Call) => unknown,
  ) => ({
    permissions: () => [],
    run: (input: I, call: Call) => {
      const key = ring.find(input.KeyId);
      permissions.authorize(call, key, action);
      return run(key, input, call);
    },
  });
  const managed = <I extends KeyInput>(action: string, change: (key: Readonly<KeyRecord>, input: I) => KeyRecord) =>
    on<I>(action, (_found, input) => {
      const key = ring.findManageable(input.KeyId);
      ring.keys.put(key.id, change(key, input));
      return {};
    });
  return {
    CreateKey: {
      permissions: (input: CreateKeyCommandInput) => [
        { action: "kms:CreateKey", resource: "*", context: requestTagConditions(tagsOf(input.Tags)) },
      ],
      run: (input: CreateKeyCommandInput) => ({ KeyMetadata: describeKey(kernel, create(ring, input)) }),
    },
    DescribeKey: on<DescribeKeyCommandInput>("DescribeKey", (key) => ({ KeyMetadata: describeKey(kernel, key) })),
    ListKeys: {
      run: ({ Limit = 100, Marker }: ListKeysCommandInput) => {
        const { entries, more } = page(ring.keys.list(), { Limit, Marker });
        return { Keys: entries.map((key) => ({ KeyId: key.id, KeyArn: keyArn(kernel, key.id) })), ...more };
      },
    },
    EnableKey: managed("EnableKey", (key) => ({ ...whenUsable(key), state: "Enabled" })),
    DisableKey: managed("DisableKey", (key) => ({ ...whenUsable(key), state: "Disabled" })),
    UpdateKeyDescription: managed("UpdateKeyDescription", (key, input: UpdateKeyDescriptionCommandInput) => ({
      ...whenUsable(key),
      description: input.Description ?? "",
    })),
    EnableKeyRotation: managed("EnableKeyRotation", (key) => ({ ...whenUsable(key), rotates: true })),
    DisableKeyRotation: managed("DisableKeyRotation", (key) => ({ ...whenUsable(key), rotates: false })),
    GetKeyRotationStatus: on("GetKeyRotationStatus", (key) => ({
      KeyId: key.id,
      KeyRotationEnabled: key.rotates,
      ...(key.rotates && { RotationPeriodInDays: 365 }),
    })),
    PutKeyPolicy: managed("PutKeyPolicy", (key, input: PutKeyPolicyCommandInput) => ({
      ...key,
      policy: checkedPolicy(input.Policy ?? ""),
    })),
    GetKeyPolicy: on("GetKeyPolicy", (key) => ({ Policy: key.policy, PolicyName: "default" })),
    ListKeyPolicies: on("ListKeyPolicies", (_key, { Limit, Marker }: ListKeyPoliciesCommandInput) => {
      const { entries, more } = page(["default"], { Limit, Marker });
      return { PolicyNames: entries, ...more };
    }),
    ScheduleKeyDeletion: on("ScheduleKeyDeletion", (_key, input: ScheduleKeyDeletionCommandInput) =>
      scheduleDeletion(ring, input),
    ),
    CancelKeyDeletion: on("CancelKeyDeletion", (found, input: KeyInput) => {
      const { deletionAtMs: _at, pendingDays: _days, ...key } = ring.findManageable(input.KeyId);
      if (key.state !== "PendingDeletion") throw invalidState(`${keyArn(kernel, found.id)} is not pending deletion.`);
      kernel.jobs.cancel(`${deletionJob}:${key.id}`);
      ring.keys.put(key.id, { ...key, state: "Disabled" });
      return { KeyId: keyArn(kernel, key.id) };
    }),
    TagResource: managed("TagResource", (key, input: TagResourceCommandInput) => ({
      ...key,
      tags: { ...key.tags, ...tagsOf(input.Tags) },
    })),
    UntagResource: managed("UntagResource", (key, input: UntagResourceCommandInput) => ({
      ...key,
      tags: Object.fromEntries(Object.entries(key.tags).filter(([name]) => !input.TagKeys?.includes(name))),
    })),
    ListResourceTags: on("ListResourceTags", (key, { Limit, Marker }: ListResourceTagsCommandInput) => {
      const { entries, more } = page(Object.entries(key.tags), { Limit, Marker });
      return { Tags: entries.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...more };
    }),
  };
}

function create(ring: KeyRing, input: CreateKeyCommandInput): KeyRecord {
  const { kernel } = ring;
  const absent: [name: string, used: boolean][] = [
    ["KeySpec", (input.KeySpec ?? "SYMMETRIC_DEFAULT") !== "SYMMETRIC_DEFAULT"],
    ["KeyUsage", (input.KeyUsage ?? "ENCRYPT_DECRYPT") !== "ENCRYPT_DECRYPT"],
    ["Origin", (input.Origin ?? "AWS_KMS") !== "AWS_KMS"],
    ["MultiRegion", input.MultiRegion ?? false],
    ["CustomKeyStoreId", input.CustomKeyStoreId !== undefined],
  ];
  const used = absent.find(([, isUsed]) => isUsed);
  if (used) {
    const message = `The embedded cloud has symmetric keys of its own only; ${used[0]} asks for another kind.`;
    throw new AwsError("UnsupportedOperationException", message);
  }
  const key: KeyRecord = {
    id: kernel.random.uuid(),
    description: input.Description ?? "",
    createdAtMs: kernel.clock.now(),
    state: "Enabled",
    manager: "CUSTOMER",
    rotates: false,
    policy: input.Policy === undefined ? defaultPolicy(kernel) : checkedPolicy(input.Policy),
    tags: tagsOf(input.Tags),
    material: kernel.random.hex(64),
  };
  ring.keys.put(key.id, key);
  return key;
}

function checkedPolicy(policy: string): string {
  if (Buffer.byteLength(policy) > maxPolicyBytes) {
    throw new AwsError("LimitExceededException", `The key policy is larger than ${maxPolicyBytes} bytes.`);
  }
  try {
    const parsed: unknown = JSON.parse(policy);
    if (typeof parsed === "object" && parsed !== null && "Statement" in parsed) return policy;
  } catch {
    // Told apart below from a policy, like JSON that is none.
  }
  throw new AwsError("MalformedPolicyDocumentException", "Policy document is malformed.");
}

/** A key that is going cannot be changed. */
function whenUsable(key: Readonly<KeyRecord>): Readonly<KeyRecord> {
  if (key.state === "PendingDeletion") throw invalidState(`${key.id} is pending deletion.`);
  return key;
}

function scheduleDeletion(ring: KeyRing, input: ScheduleKeyDeletionCommandInput) {
  const { kernel } = ring;
  const key = ring.findManageable(input.KeyId);
  whenUsable(key);
  const days = input.PendingWindowInDays ?? 30;
  if (days < 7 || days > 30) throw validation(`PendingWindowInDays ${days} is not in the range 7 to 30.`);
  const deletionAtMs = kernel.clock.now() + days * 86_400_000;
  ring.keys.put(key.id, { ...key, state: "PendingDeletion", deletionAtMs, pendingDays: days });
  kernel.jobs.schedule(deletionJob, deletionAtMs, { keyId: key.id }, `${deletionJob}:${key.id}`);
  return {
    KeyId: keyArn(kernel, key.id),
    DeletionDate: new Date(deletionAtMs),
    KeyState: "PendingDeletion",
    PendingWindowInDays: days,
  };
}
