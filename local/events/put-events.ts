import type {
  PutEventsCommandInput,
  PutEventsCommandOutput,
  PutEventsRequestEntry,
  PutEventsResultEntry,
} from "@aws-sdk/client-eventbridge";
import { AwsError } from "../core/aws-error.ts";
import type { AwsEvent, Kernel, Operation, Requirement } from "../core/kernel.ts";
import { busArn, envelopeOf, isDefaultBus } from "./bus.ts";
import type { EventEnvelope } from "./documents.ts";

/** Source: PutEvents' API reference and EventBridge quotas, "PutEvents entry size". */
const maximumEntries = 10;
const maximumRequestBytes = 256 * 1024;

/** @param accept Takes each good event to the rules. */
export function putEventsOperation(kernel: Kernel, accept: (event: EventEnvelope) => void): Operation {
  return {
    permissions: (input: PutEventsCommandInput): Requirement[] => {
      const entries = input.Entries ?? [];
      return [
        {
          action: "events:PutEvents",
          resource: busArn(kernel),
          context: {
            "events:source": entries.map((entry) => entry.Source ?? ""),
            "events:detail-type": entries.map((entry) => entry.DetailType ?? ""),
          },
        },
      ];
    },
    run: (input: PutEventsCommandInput): Omit<PutEventsCommandOutput, "$metadata"> => {
      const entries = input.Entries ?? [];
      if (entries.length < 1 || entries.length > maximumEntries) {
        const bound = entries.length < 1 ? "greater than or equal to 1" : `less than or equal to ${maximumEntries}`;
        const message = `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${bound}`;
        throw new AwsError("ValidationException", message, 400);
      }
      const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
      if (bytes > maximumRequestBytes) {
        const message = `Total size of the entries in the request is over the limit.`;
        throw new AwsError("ValidationException", message, 400);
      }
      const results = entries.map((entry) => putEntry(kernel, entry, accept));
      const failed = results.filter((result) => result.ErrorCode !== undefined).length;
      return { FailedEntryCount: failed, Entries: results };
    },
  };
}

/** Source: EventBridge user guide, "Calculating PutEvents event entry size". */
function entryBytes(entry: PutEventsRequestEntry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), entry.Time === undefined ? 0 : 14);
}

function putEntry(
  kernel: Kernel,
  entry: PutEventsRequestEntry,
  accept: (event: EventEnvelope) => void,
): PutEventsResultEntry {
  const refused = refusal(entry);
  if (refused) return refused;
  const detail = parseDetail(entry.Detail ?? "");
  if (!detail) return { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
  const event: AwsEvent = {
    source: entry.Source ?? "",
    "detail-type": entry.DetailType ?? "",
    resources: entry.Resources ?? [],
    detail,
    ...(entry.Time !== undefined && { atMs: entry.Time.getTime() }),
  };
  const envelope = envelopeOf(kernel, event);
  // AWS takes events for a bus that does not exist, with an id and without effect (aws/aws-sdk-java-v2 issue 3173).
  if (isDefaultBus(kernel, entry.EventBusName)) accept(envelope);
  else kernel.settings.log(`an event was dropped: event bus ${entry.EventBusName} does not exist`);
  return { EventId: envelope.id };
}

function refusal(entry: PutEventsRequestEntry): PutEventsResultEntry | undefined {
  for (const name of ["Source", "DetailType", "Detail"] as const) {
    if (entry[name] === undefined || entry[name] === "") {
      const reason = `${name} is a required argument.`;
      return { ErrorCode: "InvalidArgument", ErrorMessage: `Parameter ${name} is not valid. Reason: ${reason}` };
    }
  }
  if (entry.Source?.startsWith("aws.")) {
    return { ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source." };
  }
  return undefined;
}

function parseDetail(text: string): Record<string, unknown> | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === "object" && detail !== null && !Array.isArray(detail)
      ? (detail as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
