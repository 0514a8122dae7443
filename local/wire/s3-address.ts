import type { WireRequest } from "./message.ts";

export interface S3Address {
  bucket: string | undefined;
  /** The rest of the path: `/` or `/<key>`, still percent-encoded. */
  path: string;
}

/** Hosts under which `<bucket>.` may stand; browsers and curl resolve any name below `localhost` to the loopback address. */
const virtualHost = /^(.+?)\.(?:s3(?:[.-][a-z0-9-]+)?\.)?(?:localhost|127\.0\.0\.1|amazonaws\.com)$/;

/** Which bucket a request is addressed to: in the host (`bucket.s3.localhost`) or as the first part of the path. */
export function s3Address(request: Pick<WireRequest, "path" | "headers">): S3Address {
  const host = (request.headers["host"] ?? "").replace(/:\d+$/, "").toLowerCase();
  const bucket = virtualHost.exec(host)?.[1];
  if (bucket !== undefined && bucket !== "s3" && !/^s3[.-]/.test(bucket)) return { bucket, path: request.path || "/" };
  const [, first = "", rest = ""] = /^\/([^/]*)(.*)$/s.exec(request.path) ?? [];
  return first === "" ? { bucket: undefined, path: "/" } : { bucket: first, path: rest === "" ? "/" : rest };
}
