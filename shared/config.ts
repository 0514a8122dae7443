import * as z from "zod/mini";

const configSchema = z.object({
  KILN_STAGE: z.string(),
  KILN_ARTIFACTS_BUCKET: z.string(),
  KILN_LEDGER_BUCKET: z.string(),
  KILN_KEY_ARN: z.string(),
  KILN_PROBE_FUNCTION: z._default(z.string(), ""),
});

/** What a handler knows about the stack it belongs to, from the environment that the template gives it. */
export interface Config {
  stage: string;
  artifactsBucket: string;
  ledgerBucket: string;
  /** KMS key under which images and snapshots are encrypted. */
  keyArn: string;
  /** Name of the probe function; only validate has it. */
  probeFunction: string;
}

/** Reads the configuration once, reporting every missing variable together. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  const parsed = configSchema.safeParse(environment);
  if (!parsed.success) {
    const missing = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
    throw new Error(`the template must set these environment variables: ${missing}`);
  }
  return {
    stage: parsed.data.KILN_STAGE,
    artifactsBucket: parsed.data.KILN_ARTIFACTS_BUCKET,
    ledgerBucket: parsed.data.KILN_LEDGER_BUCKET,
    keyArn: parsed.data.KILN_KEY_ARN,
    probeFunction: parsed.data.KILN_PROBE_FUNCTION,
  };
}
