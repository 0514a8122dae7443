import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { collect, stream } from "./body.ts";
import { conform, type Problem } from "./conform.ts";
import { invalidInput, notHeeded } from "./invalid-input.ts";
import type { WireRequest, WireResponse } from "./message.ts";
import type { OperationModel, ServiceModel } from "./model.ts";
import type { Protocol } from "./protocol.ts";

/** The operation a request names. @throws {AwsError} When the service's model has none of that name. */
export function operationOf(protocol: Protocol, model: ServiceModel, request: WireRequest): OperationModel {
  const name = protocol.operationName(model, request);
  const operation = name === undefined ? undefined : model.operations.get(name);
  if (operation) return operation;
  const what = name ?? `${request.method} ${request.path}`;
  throw new AwsError("UnknownOperationException", `${model.id} has no operation for ${what}`, 404);
}

/** Whether the operation takes its body as a stream. */
export function takesStream(operation: OperationModel): boolean {
  return operation.input.payload?.[1].traits.streaming === 1;
}

/**
 * Checks an input against its model and returns a copy of it that is the operation's own.
 * @throws {AwsError} The service's word for a missing or invalid parameter.
 */
export function checkedInput(model: ServiceModel, operation: OperationModel, input: unknown): unknown {
  const problems: Problem[] = [];
  const { constraints, unheeded } = model;
  const checked = conform(operation.input, operation.input.isStructured ? input : {}, {
    constraints,
    unheeded,
    problems,
  });
  const broken = problems.filter(({ kind }) => kind !== "unheeded");
  if (broken.length > 0) throw invalidInput(model.id, broken);
  const [ignored] = problems;
  if (ignored) throw notHeeded(operation.name, ignored.path);
  return checked;
}

/** Reads, checks, runs and answers one request whose caller is known. */
export async function exchange(
  kernel: Kernel,
  protocol: Protocol,
  model: ServiceModel,
  request: WireRequest,
  caller: Caller,
  requestId: string,
  sourceIp: string,
): Promise<WireResponse> {
  const operation = operationOf(protocol, model, request);
  const body = takesStream(operation) ? stream(request.body) : await collect(request.body);
  const ready = { ...request, body };
  const input = checkedInput(model, operation, protocol.read(model, operation, ready));
  const output = await kernel.call(model.id, operation.name, input, caller, sourceIp);
  return protocol.success(model, operation, output, requestId, ready);
}
