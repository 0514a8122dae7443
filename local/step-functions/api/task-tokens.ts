import type {
  SendTaskFailureCommandInput,
  SendTaskHeartbeatCommandInput,
  SendTaskSuccessCommandInput,
} from "@aws-sdk/client-sfn";
import { AwsError } from "../../core/aws-error.ts";
import type { Operation } from "../../core/kernel.ts";
import { byteLength, type Json } from "../language/json.ts";
import type { TokenDocument } from "../machine/documents.ts";
import type { Interpreter } from "../machine/interpreter.ts";
import { payloadBytesMax, withoutUndefined } from "../machine/turn.ts";

/** The answers of workers that hold a task token. */
export function taskTokenOperations(interpreter: Interpreter): Readonly<Record<string, Operation>> {
  const holder = (token: string | undefined): Readonly<TokenDocument> => {
    const found = interpreter.store.tokens.get(token ?? "");
    if (!found) throw new AwsError("InvalidToken", "Invalid Token: 'Invalid token'");
    return found;
  };
  return {
    SendTaskSuccess: {
      run: async (input: SendTaskSuccessCommandInput) => {
        const output = parsed(input.output);
        return gone(await interpreter.settle(holder(input.taskToken), { kind: "succeeded", output }));
      },
    },
    SendTaskFailure: {
      run: async (input: SendTaskFailureCommandInput) => {
        const failure = withoutUndefined({ error: input.error, cause: input.cause });
        return gone(await interpreter.settle(holder(input.taskToken), { kind: "failed", ...failure }));
      },
    },
    SendTaskHeartbeat: {
      run: async (input: SendTaskHeartbeatCommandInput) => gone(await interpreter.beat(holder(input.taskToken))),
    },
  };
}

/** @throws {AwsError} TaskTimedOut when the task was answered, timed out or stopped before. */
function gone(waited: boolean): Record<string, never> {
  if (waited) return {};
  throw new AwsError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
}

/** @throws {AwsError} InvalidOutput */
function parsed(text: string | undefined): Json {
  if (byteLength(text ?? "") > payloadBytesMax)
    throw new AwsError("InvalidOutput", "Invalid Output: 'Output is too large'");
  try {
    return JSON.parse(text ?? "") as Json;
  } catch (error) {
    throw new AwsError("InvalidOutput", `Invalid Output: '${(error as Error).message}'`);
  }
}
