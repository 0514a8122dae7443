import { describe, expect, it } from "vitest";
import { secretIn, secretNamed } from "../../../shared/domain/secrets.ts";

// Put together here, so that no scanner takes these made-up values for leaked ones.
const made = (...parts: string[]) => parts.join("");

describe("a secret", () => {
  it.each([
    [made("AK", "IAIOSFODNN7EXAMPLE"), "an AWS access key id"],
    [made("-----BEGIN RSA PRIV", "ATE KEY-----"), "a private key"],
    [made("gh", "p_", "a".repeat(36)), "a GitHub token"],
    [made("xo", "xb-1234567890-abc"), "a Slack token"],
    [made("glp", "at-", "a".repeat(20)), "a GitLab token"],
    [made("sk", "_live_", "a".repeat(24)), "a Stripe key"],
    ["postgres://app:hunter2@db.internal:5432/app", "a URL with a password"],
  ])("is known by its shape wherever it stands: %s", (text, what) => {
    expect(secretIn(text)).toBe(what);
    expect(secretIn(`x="${text}" y`)).toBe(what);
  });

  it.each([
    "https://example.com:8080/a@b",
    "postgres://app@db/app",
    "postgres://app:$PASSWORD@db/app",
    "AKIA",
    "/etc/key.pem",
  ])("is not seen in %s", (text) => {
    expect(secretIn(text)).toBeUndefined();
  });

  it.each(["DB_PASSWORD", "SESSION_SECRET", "API_KEY", "github_token", "AWS_SECRET_ACCESS_KEY"])(
    "is what %s holds, unless it only says where the secret is",
    (name) => {
      expect(secretNamed(name, "hunter2")).toBe("a secret, as its name says");
      for (const value of ["", "arn:aws:secretsmanager:us-east-1:1:secret:db", "/kiln/prod/db", "ssm:/db"]) {
        expect(secretNamed(name, value)).toBeUndefined();
      }
    },
  );

  it.each(["PASSWORD_FILE", "SECRET_ARN", "TOKENIZER", "MAX_TOKENS", "KEYBOARD"])("is not what %s holds", (name) => {
    expect(secretNamed(name, "value")).toBeUndefined();
  });
});
