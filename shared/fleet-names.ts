import { sha256Hex } from "./digests.ts";
import { targetGroupName } from "./domain/names.ts";

/** Name of a fleet's target group. */
export function targetGroupOf(stage: string, generation: string): string {
  return targetGroupName(generation, sha256Hex(`${stage}/${generation}`));
}
