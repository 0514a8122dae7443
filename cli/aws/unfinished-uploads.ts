import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where an upload goes. */
export interface UploadTarget {
  bucket: string;
  key: string;
  /** What the object says of itself; an upload that was begun with other metadata would keep that. */
  metadata?: Record<string, string>;
}

/**
 * Remembers which multipart upload a push began and has not ended, so that the next push of the same key goes on with it.
 * Only a hint: which parts are there, and whether they are the right ones, S3 is asked.
 */
export class UnfinishedUploads {
  readonly #directory: string;

  /** @param directory Made when something is to be remembered. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The id of the upload that was begun for this target, if one is remembered. */
  async find(target: UploadTarget): Promise<string | undefined> {
    try {
      return (JSON.parse(await readFile(this.#file(target), "utf8")) as { uploadId?: string }).uploadId;
    } catch (error) {
      // A note that was cut short by a kill is as good as none.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async remember(target: UploadTarget, uploadId: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    await writeFile(this.#file(target), `${JSON.stringify({ ...target, uploadId })}\n`);
  }

  /** Harmless when nothing is remembered. */
  async forget(target: UploadTarget): Promise<void> {
    await rm(this.#file(target), { force: true });
  }

  #file({ bucket, key, metadata }: UploadTarget): string {
    const said = metadata ? `\n${JSON.stringify(metadata)}` : "";
    const name = createHash("sha256").update(`${bucket}/${key}${said}`).digest("hex").slice(0, 32);
    return join(this.#directory, `${name}.json`);
  }
}
