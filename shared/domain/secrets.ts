/**
 * Well-known secrets by their shape. Source: each provider's own prefix, which exists so that leaks are found; the same
 * ones GitHub's secret scanning lists.
 */
const shapes: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, "an AWS access key id"],
  [/-----BEGIN ([A-Z0-9]+ ){0,3}PRIVATE KEY/, "a private key"],
  [/\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})/, "a GitHub token"],
  [/\bglpat-[A-Za-z0-9_-]{20}/, "a GitLab token"],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10}/, "a Slack token"],
  [/\b[rs]k_live_[A-Za-z0-9]{16}/, "a Stripe key"],
  [/\bnpm_[A-Za-z0-9]{36}/, "an npm token"],
  [/\bAIza[A-Za-z0-9_-]{35}/, "a Google API key"],
  [/\bsk-(ant|proj)-[A-Za-z0-9_-]{16}/, "an API key"],
  [/\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}/, "a SendGrid key"],
  [/\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}\./, "a signed token (JWT)"],
  // A password that is itself a variable is filled in elsewhere.
  [/[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@]{0,128}:(?![$<{])[^\s/@]{1,256}@/i, "a URL with a password"],
];

const secretNames =
  /(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_KEY|PRIVATE_KEY|API_KEY|ACCESS_KEY|SIGNING_KEY|ENCRYPTION_KEY|AUTH_TOKEN|ACCESS_TOKEN|API_TOKEN|TOKEN|CREDENTIALS?)$/i;

/** Values that say where a secret is kept instead of what it is: an ARN, a path, a reference, or nothing. */
const reference = /^(arn:|\/|\.{1,2}\/|file:|ssm:|secretsmanager:|vault:|[$<{])|^$/;

/** What secret a text contains, by its shape; the text itself never appears in the answer. */
export function secretIn(text: string): string | undefined {
  return shapes.find(([pattern]) => pattern.test(text))?.[1];
}

/** What a variable holds, when its name says that it is a secret and its value is one, not a reference to one. */
export function secretNamed(name: string, value: string): string | undefined {
  if (!secretNames.test(name) || reference.test(value)) return undefined;
  return "a secret, as its name says";
}
