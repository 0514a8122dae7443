import { AwsError } from "../core/aws-error.ts";
import { evaluate, type Scope } from "./intrinsics.ts";
import { resourceTypes } from "./resource-types.ts";
import { conform, ShapeError } from "./shape.ts";
import type { ResourceRecord } from "./stack-record.ts";
import type { JsonObject } from "./template.ts";

/** A resource as the template wants it, with every function evaluated and every scalar in its type. */
export interface DesiredResource {
  logicalId: string;
  type: string;
  properties: JsonObject;
  stackTags: Record<string, string>;
  deletionPolicy: string;
  updateReplacePolicy: string;
  needs: string[];
}

/**
 * Evaluates one resource; everything it needs must exist.
 * @throws {AwsError} ValidationError, naming the unknown or missing property.
 */
export function desiredResource(
  scope: Scope,
  logicalId: string,
  needs: string[],
  stackTags: Record<string, string>,
): DesiredResource {
  const resource = scope.template.Resources[logicalId];
  const type = resource && resourceTypes[resource.Type];
  if (!resource || !type) {
    throw new AwsError("ValidationError", `Template format error: Unrecognized resource types: [${resource?.Type}]`);
  }
  const refuse = (problem: string) =>
    new AwsError(
      "ValidationError",
      `Properties validation failed for resource ${logicalId} with message: [${problem}]`,
    );
  const evaluated = evaluate(resource.Properties ?? {}, scope) as JsonObject;
  const missing = type.required.find((name) => evaluated[name] === undefined);
  if (missing !== undefined) throw refuse(`#: required key [${missing}] not found`);
  let properties: JsonObject;
  try {
    properties = conform(type.shape, evaluated) as JsonObject;
  } catch (error) {
    if (error instanceof ShapeError) throw refuse(error.message);
    throw error;
  }
  return {
    logicalId,
    type: resource.Type,
    properties,
    stackTags,
    deletionPolicy: resource.DeletionPolicy ?? "Delete",
    updateReplacePolicy: resource.UpdateReplacePolicy ?? "Delete",
    needs,
  };
}

/** Whether the change from what there is to what is wanted makes a new resource. */
export function needsReplacement(existing: ResourceRecord, desired: DesiredResource): boolean {
  if (existing.type !== desired.type) return true;
  const replaces = resourceTypes[desired.type]?.replaces ?? [];
  return replaces.some(
    (name) => JSON.stringify(existing.properties[name]) !== JSON.stringify(desired.properties[name]),
  );
}
