/**
 * Sticky sessions. AWS encrypts the values of these cookies; here they are readable, which nothing may rely on.
 * Source of names and twins for cross-origin requests: "Sticky sessions" in the Application Load Balancers guide.
 */
const groupCookie = "AWSALBTG";
const targetCookie = "AWSALB";

interface Token {
  /** What the token belongs to: the rule of a group cookie, the group of a target cookie. */
  of: string;
  choice: string;
  untilMs: number;
}

type Cookies = (name: string) => string | undefined;

/** The group that this client was bound to by this rule, while the binding lasts. */
export function groupFromCookie(cookie: Cookies, ruleArn: string, nowMs: number): string | undefined {
  return choiceIn(cookie(groupCookie) ?? cookie(`${groupCookie}CORS`), ruleArn, nowMs);
}

/** `id:port` of the target that this client was bound to in this group, while the binding lasts. */
export function targetFromCookie(cookie: Cookies, groupArn: string, nowMs: number): string | undefined {
  return choiceIn(cookie(targetCookie) ?? cookie(`${targetCookie}CORS`), groupArn, nowMs);
}

export function groupCookies(ruleArn: string, groupArn: string, nowMs: number, seconds: number): string[] {
  return twins(groupCookie, { of: ruleArn, choice: groupArn, untilMs: nowMs + seconds * 1000 });
}

export function targetCookies(groupArn: string, target: string, nowMs: number, seconds: number): string[] {
  return twins(targetCookie, { of: groupArn, choice: target, untilMs: nowMs + seconds * 1000 });
}

function choiceIn(value: string | undefined, of: string, nowMs: number): string | undefined {
  if (value === undefined) return undefined;
  try {
    const token = JSON.parse(Buffer.from(value, "base64url").toString()) as Token;
    return token.of === of && token.untilMs > nowMs ? token.choice : undefined;
  } catch {
    // A cookie that is not ours binds to nothing.
    return undefined;
  }
}

/** Each cookie has a twin for cross-origin requests, which need `SameSite=None`. */
function twins(name: string, token: Token): string[] {
  const value = Buffer.from(JSON.stringify(token)).toString("base64url");
  const expires = new Date(token.untilMs).toUTCString();
  return [
    `${name}=${value}; Expires=${expires}; Path=/`,
    `${name}CORS=${value}; Expires=${expires}; Path=/; SameSite=None`,
  ];
}
