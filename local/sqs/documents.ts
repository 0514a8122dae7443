/** A queue. Attribute values are text, as the API carries them. */
export interface QueueDocument {
  name: string;
  arn: string;
  attributes: Record<string, string>;
  tags: Record<string, string>;
  createdAtMs: number;
  modifiedAtMs: number;
  /** When it was purged last. */
  purgedAtMs?: number;
}

export interface StoredAttribute {
  dataType: string;
  text?: string;
  /** Base64. */
  binary?: string;
}

export interface MessageDocument {
  /** Its place in the queue; also what receipt handles name. */
  place: string;
  messageId: string;
  body: string;
  md5OfBody: string;
  attributes: Record<string, StoredAttribute>;
  md5OfAttributes?: string;
  traceHeader?: string;
  senderId: string;
  sentMs: number;
  /** From when on it can be received: after its delay, and again after each visibility time-out. */
  visibleAtMs: number;
  receiveCount: number;
  firstReceivedMs?: number;
  /** ARN of the queue that gave it up, for a message in a dead-letter queue. */
  deadLetterSource?: string;
}
