import { createHash } from "node:crypto";
import type { FunctionCode, UpdateFunctionCodeCommandInput } from "@aws-sdk/client-lambda";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { invalidParameter } from "./catalog.ts";
import type { CodeFiles } from "./code-files.ts";
import { unzip } from "./zip.ts";

/** Zipped size for a direct upload. Source: "Lambda quotas"; from S3 only the unpacked size counts. */
const maxDirectBytes = 50 * 1024 * 1024;
/** A package that unpacks to at most 250 MiB is never larger than this, short of an archive made to be. */
const maxZippedBytes = 262_144_000;

export interface StoredPackage {
  /** Base64, as Lambda gives it. */
  codeSha256: string;
  codeBytes: number;
}

/** Deployment packages on their way in: fetched, checked, kept by digest. */
export class Packages {
  readonly #kernel: Kernel;
  readonly #files: CodeFiles;

  constructor(kernel: Kernel, files: CodeFiles) {
    this.#kernel = kernel;
    this.#files = files;
  }

  /** @throws {AwsError} InvalidParameterValueException when the package cannot be read, RequestEntityTooLarge. */
  async take(code: FunctionCode | UpdateFunctionCodeCommandInput, caller: Caller): Promise<StoredPackage> {
    const bytes = await this.#fetch(code, caller);
    try {
      if (unzip(bytes).length === 0) throw new Error("it holds no files");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw invalidParameter(
        `Could not unzip uploaded file. Please check your file, then try to upload again. (${reason})`,
      );
    }
    const digest = createHash("sha256").update(bytes).digest();
    await this.#files.write(digest.toString("hex"), bytes);
    return { codeSha256: digest.toString("base64"), codeBytes: bytes.byteLength };
  }

  read(codeSha256: string): Promise<Uint8Array> {
    return this.#files.read(fileDigest(codeSha256));
  }

  remove(codeSha256: string): Promise<void> {
    return this.#files.remove(fileDigest(codeSha256));
  }

  async #fetch(code: FunctionCode | UpdateFunctionCodeCommandInput, caller: Caller): Promise<Uint8Array> {
    if ("ImageUri" in code && code.ImageUri !== undefined) {
      throw invalidParameter("The embedded cloud has no functions from container images.");
    }
    if (code.ZipFile) {
      if (code.ZipFile.byteLength <= maxDirectBytes) return code.ZipFile;
      throw new AwsError("RequestEntityTooLargeException", `Request must be smaller than ${maxDirectBytes} bytes`, 413);
    }
    if (!code.S3Bucket || !code.S3Key) throw invalidParameter("Please provide a source for function code.");
    const input = { Bucket: code.S3Bucket, Key: code.S3Key, VersionId: code.S3ObjectVersion };
    try {
      const object = await this.#kernel.call<GetObjectCommandOutput>("s3", "GetObject", input, caller);
      return await collect(object.Body as unknown as AsyncIterable<Uint8Array>);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw invalidParameter(
        `Error occurred while GetObject. S3 Error Code: ${error.code}. S3 Error Message: ${error.message}`,
      );
    }
  }
}

/** The file name's digest: the same bytes as CodeSha256, in letters a file name may have. */
export function fileDigest(codeSha256: string): string {
  return Buffer.from(codeSha256, "base64").toString("hex");
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxZippedBytes) throw invalidParameter(`Unzipped size must be smaller than ${maxZippedBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
