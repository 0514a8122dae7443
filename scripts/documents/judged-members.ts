/**
 * Members of inputs that may be given although the embedded cloud does not heed them, because what they are about does not
 * exist here; by service, then `<structure>.<member>` or `*.<member>`.
 */
const harmless: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  autoscaling: {
    "*.IncludeManagedResources": "nobody manages resources here but the account",
    "*.SkipZonalShiftValidation": "there are no zonal shifts",
  },
  ec2: { "*.IncludeManagedResources": "nobody manages resources here but the account" },
  events: { "*.Force": "there are no rules that an AWS service manages" },
  kms: { "*.GrantTokens": "grants hold at once" },
  logs: {
    "*.interleaved": "AWS treats it as true whatever is given",
    "*.unmask": "there are no data protection policies",
    "*.sequenceToken": "AWS ignores it too",
  },
  s3: { "*.RequestPayer": "no bucket lets its readers pay" },
  sqs: { "*.QueueOwnerAWSAccountId": "there is one account" },
};

/** Structures that are kept and given back as they came. */
const keptAsGiven: Readonly<Record<string, readonly string[]>> = { s3: ["LifecycleRule"] };

/** Members that some operations of their service heed, and these do not. */
const heededElsewhere: Readonly<Record<string, readonly string[]>> = {
  states: ["DescribeStateMachineInput.includedData", "DescribeStateMachineForExecutionInput.includedData"],
};

export function isHeededElsewhere(service: string, structure: string, member: string): boolean {
  return heededElsewhere[service]?.includes(`${structure}.${member}`) ?? false;
}

export function isHarmless(service: string, structure: string, member: string): boolean {
  const known = harmless[service] ?? {};
  const isKept = keptAsGiven[service]?.includes(structure) ?? false;
  return isKept || `*.${member}` in known || `${structure}.${member}` in known;
}
