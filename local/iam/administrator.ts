import type { Caller } from "../core/kernel.ts";
import type { Settings } from "../core/settings.ts";
import { administratorAccessArn } from "./aws-managed-policies.ts";
import type { Directory } from "./directory.ts";

/** The access key every new cloud has. It opens nothing but this machine's embedded cloud, so it is no secret. */
export const administratorKey = {
  accessKeyId: "AKIAKILNLOCALADMIN00",
  secretAccessKey: "kiln-local-secret-not-for-aws",
} as const;

const name = "admin";

/** The account's administrator as a caller, for calls from within this process. */
export function administrator(settings: Pick<Settings, "accountId">): Caller {
  const arn = `arn:aws:iam::${settings.accountId}:user/${name}`;
  return { kind: "user", arn, accountId: settings.accountId, name, accessKeyId: administratorKey.accessKeyId };
}

/** Makes sure the account has its administrator: an ordinary user whose policy allows everything. */
export function createAdministrator(directory: Directory): void {
  const { settings, clock } = directory.kernel;
  const createdMs = clock.now();
  if (!directory.users.get(name)) {
    directory.users.put(name, {
      name,
      path: "/",
      id: directory.newId("AIDA"),
      arn: administrator(settings).arn,
      createdMs,
      tags: {},
      inline: {},
      attached: [administratorAccessArn],
    });
  }
  const { accessKeyId, secretAccessKey: secret } = administratorKey;
  if (!directory.accessKeys.get(accessKeyId)) {
    directory.accessKeys.put(accessKeyId, { accessKeyId, secret, userName: name, status: "Active", createdMs });
  }
}
