/** Unit: characters. Longer strings say little to a reader; they are told by their length. */
const stringMax = 400;

/** An input of a call for people: what is long or only bytes is shortened, tags are told as one object. */
export function readable(value: unknown): unknown {
  if (typeof value === "string") return value.length > stringMax ? `${value.length} characters` : value;
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array || Symbol.asyncIterator in value) return "bytes";
  if (Array.isArray(value)) return value.length > 0 && value.every(isTag) ? asTags(value) : value.map(readable);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, memberOf(name, member)]));
}

function memberOf(name: string, value: unknown): unknown {
  return name === "UserData" && typeof value === "string" ? settingsOf(value) : readable(value);
}

interface Tag {
  Key: string;
  Value: string;
}

function isTag(value: unknown): value is Tag {
  return value !== null && typeof value === "object" && Object.keys(value).sort().join() === "Key,Value";
}

function asTags(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

/** What a boot script is told; the script itself is the same for all. */
function settingsOf(userData: string): string[] {
  const text = Buffer.from(userData, "base64").toString("utf8");
  return text.split("\n").filter((line) => /^KILN_[A-Z0-9_]+=/.test(line));
}
