import { TypeRegistry } from "@smithy/core/schema";
import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { stream } from "../wire/body.ts";
import { copied } from "../wire/conform.ts";
import { checkedInput } from "../wire/exchange.ts";
import { loadModel, type OperationModel, type ServiceModel } from "../wire/model.ts";
import { sdkBody } from "./sdk-body.ts";

/** What every SDK client has; `send` is what this module replaces. */
export interface SdkClient {
  send(...command: never[]): unknown;
}

/** The part of the kernel that answers calls: a simulation puts its faults between. */
export type CallableKernel = Pick<Kernel, "call" | "random">;

/** The part of an SDK command that is needed: its input, and the schema of its operation. */
interface Command {
  input: Record<string, unknown>;
  schema?: readonly unknown[];
}

/**
 * Lets an SDK client call the kernel directly: no HTTP, no signatures, no retries, yet the same checks of inputs and the
 * same exceptions as over the wire. Inputs and answers are copied, as a wire would.
 * @param serviceId The name the client's service signs as, such as `states`.
 * @returns The client itself.
 */
export function attachToClient<C extends SdkClient>(
  client: C,
  kernel: CallableKernel,
  serviceId: string,
  caller: Caller,
): C {
  const loading = loadModel(serviceId);
  if (!loading) throw new Error(`the wire does not know the service ${serviceId}`);
  const send = async (command: Command) => {
    const model = await loading;
    const operation = operationOf(model, command);
    const requestId = kernel.random.uuid();
    try {
      const input = checkedInput(model, operation, prepared(kernel, operation, command.input));
      const output = await kernel.call(serviceId, operation.name, input, caller);
      return { ...answered(operation, output), $metadata: metadata(operation.http?.[2] ?? 200, requestId) };
    } catch (error) {
      throw error instanceof AwsError ? exceptionOf(model, error, requestId) : error;
    }
  };
  Object.assign(client, { send });
  return client;
}

function operationOf(model: ServiceModel, command: Command): OperationModel {
  const name = String(command.schema?.[2] ?? command.constructor.name.replace(/Command$/, ""));
  const operation = model.operations.get(name);
  if (!operation) throw new Error(`${model.id} has no operation ${name}`);
  return operation;
}

/** What the SDK does to an input before it is sent: idempotency tokens, and bodies of whatever kind as a stream. */
function prepared(
  kernel: CallableKernel,
  operation: OperationModel,
  input: Record<string, unknown>,
): Record<string, unknown> {
  const result = { ...input };
  for (const [name, member] of operation.input.members) {
    const value = result[name];
    if (value === undefined && member.traits.idempotencyToken) result[name] = kernel.random.uuid();
    else if (member.kind !== "blob") continue;
    else if (member.traits.streaming) result[name] = streamOf(value);
    else if (typeof value === "string") result[name] = Buffer.from(value);
  }
  return result;
}

function streamOf(body: unknown): AsyncIterable<Uint8Array> {
  if (typeof body === "string") return stream(Buffer.from(body));
  if (body === undefined || body === null) return stream(new Uint8Array());
  return stream(body as Uint8Array | AsyncIterable<Uint8Array>);
}

function answered(operation: OperationModel, output: unknown): Record<string, unknown> {
  if (!operation.output.isStructured) return {};
  const result = copied(operation.output, output ?? {}) as Record<string, unknown>;
  const payload = operation.output.payload;
  const value = payload && result[payload[0]];
  if (payload?.[1].traits.streaming && value !== undefined) {
    result[payload[0]] = sdkBody(value as Uint8Array | AsyncIterable<Uint8Array>);
  }
  return result;
}

function metadata(httpStatusCode: number, requestId: string): object {
  return { httpStatusCode, requestId, attempts: 1, totalRetryDelay: 0 };
}

/** The exception the SDK throws for an error code: the modelled class, or the service's base class under the code's name. */
function exceptionOf(model: ServiceModel, error: AwsError, requestId: string): Error {
  const errorModel = model.error(error.code);
  const status = errorModel?.status ?? error.status;
  const registry = TypeRegistry.for(model.namespace);
  const schema = errorModel?.shape.schema.getSchema();
  const modelled = schema && registry.getErrorCtor(schema as Parameters<TypeRegistry["getErrorCtor"]>[0]);
  const options = {
    name: error.code,
    message: error.message,
    $fault: status < 500 ? "client" : "server",
    $metadata: metadata(status, requestId),
  };
  const Exception = (modelled ?? baseException(model)) as new (options: object) => Error;
  return Object.assign(new Exception(options), { Code: errorModel?.queryCode ?? error.code }, error.members);
}

/** Found by its name among hundreds of exports, so once for each service. Service Quotas models a `ServiceException` beside it. */
const baseExceptions = new WeakMap<ServiceModel, unknown>();

function baseException(model: ServiceModel): unknown {
  let found = baseExceptions.get(model);
  if (found === undefined) {
    const name = Object.keys(model.client).find((key) => /.ServiceException$/.test(key));
    found = name === undefined ? Error : model.client[name];
    baseExceptions.set(model, found);
  }
  return found;
}
