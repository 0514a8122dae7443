/** Tags as policies see them: a plain map, whatever list form an API uses. */
export type TagMap = Readonly<Record<string, string>>;

/** Condition keys of tags sent with a request: `aws:RequestTag/<key>` and, as a list, `aws:TagKeys`. */
export function requestTagConditions(tags: TagMap | undefined): Record<string, string | string[]> {
  const conditions: Record<string, string | string[]> = {};
  for (const [key, value] of Object.entries(tags ?? {})) conditions[`aws:RequestTag/${key}`] = value;
  if (tags && Object.keys(tags).length > 0) conditions["aws:TagKeys"] = Object.keys(tags);
  return conditions;
}

/** Condition keys of the tags a resource already has: `aws:ResourceTag/<key>`. */
export function resourceTagConditions(tags: TagMap | undefined): Record<string, string> {
  const conditions: Record<string, string> = {};
  for (const [key, value] of Object.entries(tags ?? {})) conditions[`aws:ResourceTag/${key}`] = value;
  return conditions;
}
