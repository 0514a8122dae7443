import type {
  CreateGrantCommandInput,
  GrantListEntry,
  ListGrantsCommandInput,
  RetireGrantCommandInput,
  RevokeGrantCommandInput,
} from "@aws-sdk/client-kms";
import type { Call, Operation } from "../core/kernel.ts";
import { notFound, validation } from "./errors.ts";
import type { KeyPermissions } from "./key-access.ts";
import { type GrantRecord, keyArn } from "./key-record.ts";
import type { KeyRing } from "./key-ring.ts";
import { page } from "./paging.ts";

/** Source: the shape GrantOperation of the service model, as far as symmetric keys have them. */
const operations = new Set([
  "Decrypt",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
  "CreateGrant",
  "RetireGrant",
  "DescribeKey",
]);

/** Operations on grants: permissions on a key given apart from its policy. */
export function grantOperations(ring: KeyRing, permissions: KeyPermissions): Record<string, Operation> {
  return {
    CreateGrant: {
      permissions: () => [],
      run: (input: CreateGrantCommandInput, call) => create(ring, permissions, input, call),
    },
    ListGrants: {
      permissions: () => [],
      run: (input: ListGrantsCommandInput, call) => {
        const key = ring.find(input.KeyId);
        permissions.authorize(call, key, "ListGrants");
        const grants = ring
          .grantsOf(key.id)
          .filter((grant) => input.GrantId === undefined || grant.id === input.GrantId)
          .filter((one) => input.GranteePrincipal === undefined || one.granteePrincipal === input.GranteePrincipal);
        const { entries, more } = page(grants, { Limit: input.Limit, Marker: input.Marker });
        return { Grants: entries.map((grant) => describe(ring, grant)), ...more };
      },
    },
    RevokeGrant: {
      permissions: () => [],
      run: (input: RevokeGrantCommandInput, call) => {
        const key = ring.find(input.KeyId);
        permissions.authorize(call, key, "RevokeGrant");
        if (ring.grants.delete(`${key.id}|${input.GrantId}`)) return {};
        throw notFound(`Grant ID ${input.GrantId} not found`);
      },
    },
    RetireGrant: {
      permissions: () => [],
      run: (input: RetireGrantCommandInput, call) => {
        const grant = ring.grants
          .list()
          .find((one) => (input.GrantToken ? one.token === input.GrantToken : one.id === input.GrantId));
        if (!grant) throw notFound("The grant to retire was not found");
        // Who the grant names for it, or who receives it and may, needs no other permission.
        const own = grant.retiringPrincipal === call.caller.arn;
        if (!own) permissions.authorize(call, ring.find(grant.keyId), "RetireGrant");
        ring.grants.delete(`${grant.keyId}|${grant.id}`);
        return {};
      },
    },
  };
}

function create(ring: KeyRing, permissions: KeyPermissions, input: CreateGrantCommandInput, call: Call) {
  const { kernel } = ring;
  const key = ring.findEnabled(input.KeyId);
  const wanted: string[] = input.Operations ?? [];
  const context = {
    "kms:GrantOperations": wanted,
    "kms:GranteePrincipal": input.GranteePrincipal ?? "",
    "kms:GrantIsForAWSResource": String(call.caller.kind === "service"),
    ...(input.RetiringPrincipal !== undefined && { "kms:RetiringPrincipal": input.RetiringPrincipal }),
  };
  permissions.authorize(call, key, "CreateGrant", { context });
  const unknown = wanted.filter((operation) => !operations.has(operation));
  if (unknown.length > 0 || wanted.length === 0) {
    throw validation(`Operations [${unknown.join(", ")}] are not ones of a grant on a symmetric key.`);
  }
  if (!/^(arn:aws:(iam|sts)::\d{12}:.+|[a-z0-9.-]+\.amazonaws\.com)$/.test(input.GranteePrincipal ?? "")) {
    throw validation(`GranteePrincipal ${input.GranteePrincipal} is not a principal.`);
  }
  const same = ring
    .grantsOf(key.id)
    .find((one) => input.Name !== undefined && one.name === input.Name && equal(one, input));
  if (same) return { GrantToken: same.token, GrantId: same.id };
  const grant: GrantRecord = {
    id: kernel.random.hex(64),
    keyId: key.id,
    token: kernel.random.hex(96),
    ...(input.Name !== undefined && { name: input.Name }),
    granteePrincipal: input.GranteePrincipal ?? "",
    ...(input.RetiringPrincipal !== undefined && { retiringPrincipal: input.RetiringPrincipal }),
    issuingAccount: `arn:aws:iam::${kernel.settings.accountId}:root`,
    operations: wanted,
    ...(input.Constraints?.EncryptionContextEquals && { contextEquals: input.Constraints.EncryptionContextEquals }),
    ...(input.Constraints?.EncryptionContextSubset && { contextSubset: input.Constraints.EncryptionContextSubset }),
    createdAtMs: kernel.clock.now(),
  };
  ring.grants.put(`${key.id}|${grant.id}`, grant);
  return { GrantToken: grant.token, GrantId: grant.id };
}

/** A request of the same name and content again gives the grant there is. Source: API reference of CreateGrant, Name. */
function equal(grant: Readonly<GrantRecord>, input: CreateGrantCommandInput): boolean {
  return (
    grant.granteePrincipal === input.GranteePrincipal &&
    grant.retiringPrincipal === input.RetiringPrincipal &&
    JSON.stringify(grant.operations) === JSON.stringify(input.Operations)
  );
}

function describe(ring: KeyRing, grant: Readonly<GrantRecord>): GrantListEntry {
  return {
    KeyId: keyArn(ring.kernel, grant.keyId),
    GrantId: grant.id,
    Name: grant.name ?? "",
    CreationDate: new Date(grant.createdAtMs),
    GranteePrincipal: grant.granteePrincipal,
    RetiringPrincipal: grant.retiringPrincipal,
    IssuingAccount: grant.issuingAccount,
    Operations: grant.operations as GrantListEntry["Operations"],
    ...((grant.contextEquals || grant.contextSubset) && {
      Constraints: {
        EncryptionContextEquals: grant.contextEquals,
        EncryptionContextSubset: grant.contextSubset,
      },
    }),
  };
}
