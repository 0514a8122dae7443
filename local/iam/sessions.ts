import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { Directory, RoleRecord } from "./directory.ts";

/** Temporary credentials that STS gave out. */
export interface SessionRecord {
  accessKeyId: string;
  secret: string;
  token: string;
  /** The role acted in. */
  roleName: string;
  /** RoleSessionName. */
  name: string;
  arn: string;
  expiresMs: number;
  /** Session policies: they only ever take away. */
  policies: readonly string[];
  tags: Readonly<Record<string, string>>;
}

/** Expired credentials are known for this long, so that a late caller reads ExpiredToken and not that they are unknown. */
const rememberExpiredMs = 3_600_000;

const forget = "sts.forgetSession";

/** Keeps the credentials of sessions, and says who stands behind an access key. */
export class Sessions {
  readonly #kernel: Kernel;
  readonly #directory: Directory;
  readonly #sessions: Collection<SessionRecord>;

  constructor(kernel: Kernel, directory: Directory) {
    this.#kernel = kernel;
    this.#directory = directory;
    this.#sessions = kernel.store.collection("sts.sessions");
    kernel.jobs.on<{ accessKeyId: string }>(forget, ({ accessKeyId }) => {
      this.#sessions.delete(accessKeyId);
    });
  }

  /** Opens a session of a role. */
  open(
    role: Readonly<RoleRecord>,
    name: string,
    seconds: number,
    limits: { policies: readonly string[]; tags: Readonly<Record<string, string>> },
  ): SessionRecord {
    const { random, clock, settings } = this.#kernel;
    const session: SessionRecord = {
      accessKeyId: `ASIA${random.code(16)}`,
      secret: random.hex(40),
      token: random.code(160),
      roleName: role.name,
      name,
      arn: `arn:aws:sts::${settings.accountId}:assumed-role/${role.name}/${name}`,
      expiresMs: clock.now() + seconds * 1000,
      ...limits,
    };
    this.#sessions.put(session.accessKeyId, session);
    this.#kernel.jobs.schedule(forget, session.expiresMs + rememberExpiredMs, { accessKeyId: session.accessKeyId });
    return session;
  }

  /** The session behind a caller, when it came with the credentials of one. */
  of(caller: Caller): Readonly<SessionRecord> | undefined {
    return caller.accessKeyId === undefined ? undefined : this.#sessions.get(caller.accessKeyId);
  }

  /**
   * Who an access key belongs to, and the secret its requests are signed with.
   * @throws {AwsError} InvalidClientTokenId for a key or token that is not known, ExpiredToken for an old session.
   */
  callerFor(accessKeyId: string, sessionToken: string | undefined): { caller: Caller; secret: string } {
    const { accountId } = this.#kernel.settings;
    const session = this.#sessions.get(accessKeyId);
    if (session) {
      if (session.token !== sessionToken) throw invalidToken();
      if (session.expiresMs <= this.#kernel.clock.now()) {
        throw new AwsError("ExpiredToken", "The security token included in the request is expired", 403);
      }
      const { arn, roleName: name, secret } = session;
      return { caller: { kind: "role", arn, accountId, name, accessKeyId }, secret };
    }
    const key = this.#directory.accessKeys.get(accessKeyId);
    const user = key && this.#directory.users.get(key.userName);
    if (!key || !user || key.status !== "Active" || sessionToken !== undefined) throw invalidToken();
    return { caller: { kind: "user", arn: user.arn, accountId, name: user.name, accessKeyId }, secret: key.secret };
  }
}

function invalidToken(): AwsError {
  return new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
}
