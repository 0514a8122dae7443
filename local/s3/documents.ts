import type {
  LifecycleRule,
  NotificationConfiguration,
  OwnershipControls,
  PublicAccessBlockConfiguration,
  ServerSideEncryptionConfiguration,
} from "@aws-sdk/client-s3";
import type { ChecksumName } from "./checksums.ts";

/** A bucket and everything that is configured on it. */
export interface BucketDocument {
  name: string;
  createdAtMs: number;
  /** Absent until versioning was configured for the first time. */
  versioning?: "Enabled" | "Suspended";
  encryption: ServerSideEncryptionConfiguration;
  publicAccessBlock?: PublicAccessBlockConfiguration;
  ownership: OwnershipControls;
  /** The policy as its owner wrote it. */
  policy?: string;
  lifecycle?: LifecycleRule[];
  notification: NotificationConfiguration;
  tags?: Tag[];
}

export interface Tag {
  Key: string;
  Value: string;
}

/** A run of bytes of an object: one file of the driver, whole. A multipart object has one for each part. */
export interface Piece {
  file: string;
  bytes: number;
  /** The checksum of this part alone, base64, when the upload computed one. */
  checksum?: string;
}

export interface StoredChecksum {
  algorithm: ChecksumName;
  value: string;
  type: "COMPOSITE" | "FULL_OBJECT";
}

/** What a writer says about an object beside its bytes; returned on reads as it was given. */
export interface ObjectProperties {
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  contentLanguage?: string;
  expires?: string;
  metadata: Record<string, string>;
  tags: Tag[];
  storageClass: string;
  encryption: ObjectEncryption;
}

export interface ObjectEncryption {
  algorithm: "AES256" | "aws:kms" | "aws:kms:dsse";
  /** ARN of the key, for `aws:kms`. */
  keyArn?: string;
  bucketKey?: boolean;
}

/** One version of one key: an object or a delete marker. */
export interface VersionDocument {
  key: string;
  /** `null` for versions written while versioning was off or suspended. */
  versionId: string;
  /** Order of writing within the cloud; the newest version of a key has the highest. */
  sequence: number;
  lastModifiedMs: number;
  deleteMarker: boolean;
  bytes: number;
  /** With its quotes, as it stands in the header. Empty for a delete marker. */
  etag: string;
  pieces: Piece[];
  /** True when it was written by a multipart upload: its parts can be read by number. */
  multipart: boolean;
  checksum?: StoredChecksum;
  properties: ObjectProperties;
}

/** A multipart upload that has neither been completed nor aborted. */
export interface UploadDocument {
  bucket: string;
  key: string;
  uploadId: string;
  initiatedMs: number;
  /** ARN of the caller who began it. */
  initiator: string;
  checksumAlgorithm?: ChecksumName;
  checksumType?: "COMPOSITE" | "FULL_OBJECT";
  properties: ObjectProperties;
}

export interface PartDocument {
  number: number;
  /** With its quotes. */
  etag: string;
  md5: string;
  lastModifiedMs: number;
  piece: Piece;
}
