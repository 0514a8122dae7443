import type { Kernel } from "../core/kernel.ts";
import type { Blobs } from "./blobs.ts";
import type { Buckets } from "./buckets.ts";
import type { ObjectEvents } from "./events.ts";
import type { Uploads } from "./uploads.ts";
import type { Versions } from "./versions.ts";

/** What every S3 operation works on. */
export interface World {
  kernel: Kernel;
  buckets: Buckets;
  versions: Versions;
  blobs: Blobs;
  uploads: Uploads;
  events: ObjectEvents;
}
