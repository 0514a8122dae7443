import type { LabelParameterVersionCommandInput, UnlabelParameterVersionCommandInput } from "@aws-sdk/client-ssm";
import { AwsError } from "../core/aws-error.ts";
import { current, type ParameterRecord, type ParameterVersion } from "./parameter-record.ts";
import type { ParameterStore } from "./parameter-store.ts";

/** Source: API reference of LabelParameterVersion. */
const maxLabels = 10;
const labelPattern = /^(?!aws|ssm|\d)[a-zA-Z0-9_.-]{1,100}$/i;

function versionOf(record: Readonly<ParameterRecord>, number: number | undefined): ParameterVersion {
  const version = number === undefined ? current(record) : record.versions.find((one) => one.version === number);
  if (version) return version;
  throw new AwsError(
    "ParameterVersionNotFound",
    `Systems Manager could not find version ${number} of ${record.name}. Verify the version and try again.`,
  );
}

/** Labels a version; a label that another version has moves to this one. */
export function labelVersion(store: ParameterStore, input: LabelParameterVersionCommandInput) {
  const record = store.get(input.Name ?? "");
  const { version } = versionOf(record, input.ParameterVersion);
  const valid = (input.Labels ?? []).filter((label) => labelPattern.test(label));
  const versions = record.versions.map((one) => {
    const others = one.labels.filter((label) => !valid.includes(label));
    return { ...one, labels: one.version === version ? [...others, ...valid] : others };
  });
  if (versions.some((one) => one.labels.length > maxLabels)) {
    throw new AwsError(
      "ParameterVersionLabelLimitExceeded",
      `A parameter version can have maximum ${maxLabels} labels. Move one or more labels to another version and try again.`,
    );
  }
  store.parameters.put(record.name, { ...record, versions });
  return {
    InvalidLabels: (input.Labels ?? []).filter((label) => !labelPattern.test(label)),
    ParameterVersion: version,
  };
}

export function unlabelVersion(store: ParameterStore, input: UnlabelParameterVersionCommandInput) {
  const record = store.get(input.Name ?? "");
  const { version, labels } = versionOf(record, input.ParameterVersion);
  const wanted = input.Labels ?? [];
  const versions = record.versions.map((one) =>
    one.version === version ? { ...one, labels: one.labels.filter((label) => !wanted.includes(label)) } : one,
  );
  store.parameters.put(record.name, { ...record, versions });
  return {
    RemovedLabels: wanted.filter((label) => labels.includes(label)),
    InvalidLabels: wanted.filter((label) => !labels.includes(label)),
  };
}
