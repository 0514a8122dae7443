import type { BatchResultErrorEntry, SendMessageBatchCommandInput } from "@aws-sdk/client-sqs";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation } from "../core/kernel.ts";
import { changeVisibility, deleteMessage, sendMessage } from "./message-operations.ts";
import { onQueue } from "./queue-operations.ts";
import type { Queues } from "./queues.ts";

/** Entries of one batch, and the bytes of one batch of messages. Source: SQS quotas, "Message quotas". */
const maximumEntries = 10;
const maximumBatchBytes = 1_048_576;

interface Entry {
  Id?: string | undefined;
}

interface Batch<E extends Entry> {
  QueueUrl?: string | undefined;
  Entries?: E[] | undefined;
}

export function batchOperations(kernel: Kernel, queues: Queues): Record<string, Operation> {
  return {
    SendMessageBatch: {
      permissions: onQueue(queues, "SendMessage"),
      run: (input: SendMessageBatchCommandInput, call) => {
        const queue = queues.byUrl(input.QueueUrl);
        const bytes = (input.Entries ?? []).reduce((sum, entry) => sum + Buffer.byteLength(entry.MessageBody ?? ""), 0);
        if (bytes > maximumBatchBytes) {
          const message = `Batch requests cannot be longer than ${maximumBatchBytes} bytes. You have sent ${bytes} bytes.`;
          throw new AwsError("BatchRequestTooLong", message, 400);
        }
        return eachOf(input, (entry) => sendMessage(queues, queue, entry, call));
      },
    },
    DeleteMessageBatch: {
      permissions: onQueue(queues, "DeleteMessage"),
      run: (input: Batch<Entry & { ReceiptHandle?: string }>) => {
        const queue = queues.byUrl(input.QueueUrl);
        return eachOf(input, (entry) => {
          deleteMessage(queues, queue, entry.ReceiptHandle);
          return {};
        });
      },
    },
    ChangeMessageVisibilityBatch: {
      permissions: onQueue(queues, "ChangeMessageVisibility"),
      run: (input: Batch<Entry & { ReceiptHandle?: string; VisibilityTimeout?: number }>) => {
        const queue = queues.byUrl(input.QueueUrl);
        return eachOf(input, (entry) => {
          changeVisibility(kernel, queues, queue, entry.ReceiptHandle, entry.VisibilityTimeout);
          return {};
        });
      },
    },
  };
}

/** Runs each entry on its own: some may fail while others succeed. */
function eachOf<E extends Entry>(batch: Batch<E>, run: (entry: E) => object) {
  const entries = batch.Entries ?? [];
  checkEntries(entries);
  const Successful: object[] = [];
  const Failed: BatchResultErrorEntry[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: error.status < 500, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function checkEntries(entries: readonly Entry[]): void {
  if (entries.length === 0) {
    throw new AwsError("EmptyBatchRequest", "There should be at least one entry in the request.", 400);
  }
  if (entries.length > maximumEntries) {
    const message = `Maximum number of entries per request are ${maximumEntries}. You have sent ${entries.length}.`;
    throw new AwsError("TooManyEntriesInBatchRequest", message, 400);
  }
  const ids = entries.map((entry) => entry.Id ?? "");
  for (const id of ids) {
    if (/^[\w-]{1,80}$/.test(id)) continue;
    const message =
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
    throw new AwsError("InvalidBatchEntryId", message, 400);
  }
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined) throw new AwsError("BatchEntryIdsNotDistinct", `Id ${repeated} repeated.`, 400);
}
