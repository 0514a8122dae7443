/**
 * What the pusher says an artifact was made from, read from the metadata of its S3 object. It is the pusher's word: whoever
 * may push may write any commit.
 */
export interface Source {
  commit?: string;
  /** Where the commit is found, without credentials. */
  repository?: string;
  /** The tree had changes that no commit holds. */
  dirty?: true;
  /** ARN of whoever pushed. S3's event names the account and the address only. */
  pushedBy?: string;
}

/** Who or what asked for a release. Step Functions does not tell who started an execution; the account's CloudTrail does. */
export type Asked =
  | { kind: "upload"; account?: string; sourceIp?: string }
  | { kind: "manual"; by?: string; reason?: string }
  | { kind: "refresh"; reason?: string };

/** Where a release comes from, frozen with it. */
export interface Provenance {
  asked: Asked;
  /** ISO time at which S3 took the artifact. */
  pushedAt: string;
  source?: Source;
}

/** Names of the object metadata (`x-amz-meta-…`) that `kiln push` writes and everybody may. */
export const sourceMetadata = {
  commit: "commit",
  repository: "repository",
  dirty: "dirty",
  pushedBy: "pushed-by",
} as const;

/** Unit: characters. S3 takes 2 KB of metadata in all (S3 user guide, "User-defined object metadata"). */
const longestValue = 512;

/** The source that an object's metadata names; undefined when it names none. Unprintable or overlong values are no names. */
export function sourceOf(metadata: Readonly<Record<string, string>>): Source | undefined {
  const commit = named(metadata, sourceMetadata.commit);
  const repository = named(metadata, sourceMetadata.repository);
  const pushedBy = named(metadata, sourceMetadata.pushedBy);
  const source: Source = {
    ...(commit !== undefined && { commit }),
    ...(repository !== undefined && { repository: withoutCredentials(repository) }),
    ...(metadata[sourceMetadata.dirty] === "true" && { dirty: true }),
    ...(pushedBy !== undefined && { pushedBy }),
  };
  return Object.keys(source).length === 0 ? undefined : source;
}

/** The metadata that says a source. */
export function metadataOf(source: Source): Record<string, string> {
  const { commit, repository, dirty, pushedBy } = source;
  const values = {
    [sourceMetadata.commit]: commit,
    [sourceMetadata.repository]: repository && withoutCredentials(repository),
    [sourceMetadata.dirty]: dirty && "true",
    [sourceMetadata.pushedBy]: pushedBy,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined || !isName(value) ? [] : [[name, value]])),
  );
}

function named(metadata: Readonly<Record<string, string>>, name: string): string | undefined {
  const value = metadata[name];
  return value !== undefined && isName(value) ? value : undefined;
}

/** Metadata is US-ASCII on the wire, and release records are printed on terminals. */
function isName(value: string): boolean {
  return value.length <= longestValue && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(value);
}

/** A remote such as `https://user:token@host/team/app.git` must not carry its token into a record that many read. */
function withoutCredentials(repository: string): string {
  return repository.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
}
