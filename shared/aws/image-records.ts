import type { ImageCount, ImageMark } from "../domain/image-plan.ts";
import { ledgerKeys } from "../domain/keys.ts";
import type { Documents } from "./documents.ts";

/** `services/<service>/images.json`: what the sweep remembers of images between its runs. */
export interface ImageRecord {
  marks: Record<string, ImageMark>;
  lastSeen?: ImageCount;
}

/** `services/<service>/reaped/<image>.json`: why an image could go. */
export interface ReapedImage {
  imageId: string;
  name: string;
  generation: string;
  /** ISO time, right before it was deregistered. */
  at: string;
  execution: string;
  markedAt: string;
  disabledAt: string | undefined;
  reason: string;
  /** What could have needed it and was asked, with how much of it there was. */
  lookedAt: Record<string, number>;
}

/** Where the records of images stand: those of a service's releases, or those of the stage's bases. */
interface RecordKeys {
  images: (owner: string) => string;
  reapedImage: (owner: string, imageId: string) => string;
}

/** What the ledger knows about the images of services, or of the stage's bases. */
export class ImageRecords {
  readonly #documents: Documents;
  readonly #keys: RecordKeys;

  constructor(documents: Documents, keys: RecordKeys = ledgerKeys) {
    this.#documents = documents;
    this.#keys = keys;
  }

  async read(service: string): Promise<ImageRecord> {
    return (await this.#documents.read<ImageRecord>(this.#keys.images(service)))?.document ?? { marks: {} };
  }

  /** Sets, or with undefined removes, the mark of one image. */
  async mark(service: string, imageId: string, mark: ImageMark | undefined): Promise<void> {
    await this.#change(service, (record) => {
      const { [imageId]: _before, ...others } = record.marks;
      return { ...record, marks: mark ? { ...others, [imageId]: mark } : others };
    });
  }

  async counted(service: string, lastSeen: ImageCount): Promise<void> {
    await this.#change(service, (record) => ({ ...record, lastSeen }));
  }

  /** Writes the proof down before an image goes; a repeated attempt leaves the first. */
  async recordReaped(service: string, reaped: ReapedImage): Promise<void> {
    await this.#documents.create(this.#keys.reapedImage(service, reaped.imageId), reaped);
  }

  async reaped(service: string, imageId: string): Promise<ReapedImage | undefined> {
    return (await this.#documents.read<ReapedImage>(this.#keys.reapedImage(service, imageId)))?.document;
  }

  async #change(service: string, change: (record: ImageRecord) => ImageRecord): Promise<void> {
    await this.#documents.update<ImageRecord>(this.#keys.images(service), (present) =>
      change(present ?? { marks: {} }),
    );
  }
}
