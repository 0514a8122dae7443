import { ListCommandInvocationsCommand, type SSMClient } from "@aws-sdk/client-ssm";
import type { SentCommand } from "../domain/drift.ts";

/** Commands that were sent to instances through SSM Run Command; AWS remembers them for 30 days. */
export class SentCommands {
  readonly #ssm: SSMClient;

  constructor(ssm: SSMClient) {
    this.#ssm = ssm;
  }

  /** All of them, whoever sent them. */
  async list(): Promise<SentCommand[]> {
    const found: SentCommand[] = [];
    let token: string | undefined;
    do {
      const page = await this.#ssm.send(
        new ListCommandInvocationsCommand({ MaxResults: 50, ...(token && { NextToken: token }) }),
      );
      for (const one of page.CommandInvocations ?? []) {
        found.push({
          instanceId: one.InstanceId ?? "",
          commandId: one.CommandId ?? "",
          document: one.DocumentName ?? "",
          comment: one.Comment ?? "",
          atMs: one.RequestedDateTime?.getTime() ?? 0,
        });
      }
      token = page.NextToken;
    } while (token);
    return found;
  }
}
