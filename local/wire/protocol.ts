import type { AwsError } from "../core/aws-error.ts";
import type { WireRequest, WireResponse } from "./message.ts";
import type { ErrorModel, OperationModel, ServiceModel } from "./model.ts";

/** What is known of an error when it is written: its model where the service has one for it. */
export interface WireFailure {
  error: AwsError;
  model: ErrorModel | undefined;
  /** The status on the wire: the model's, else the error's own. */
  status: number;
  requestId: string;
}

/** One of AWS's protocols, seen from the server. Bodies that are not streams arrive as bytes. */
export interface Protocol {
  /**
   * Which operation the request names; undefined when nothing in the model answers to it.
   * Called before the signature is checked, so it reads nothing but the request line, headers and buffered bytes.
   */
  operationName(model: ServiceModel, request: WireRequest): string | undefined;
  /** @throws {AwsError} When the request does not have the form its operation demands. */
  read(model: ServiceModel, operation: OperationModel, request: WireRequest): unknown;
  success(
    model: ServiceModel,
    operation: OperationModel,
    output: unknown,
    requestId: string,
    request: WireRequest,
  ): WireResponse;
  failure(model: ServiceModel, failure: WireFailure, request: WireRequest): WireResponse;
}
