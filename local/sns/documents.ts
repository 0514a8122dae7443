export interface TopicDocument {
  name: string;
  arn: string;
  /** As the API carries them: text by name. */
  attributes: Record<string, string>;
  tags: Record<string, string>;
}

export interface SubscriptionDocument {
  arn: string;
  topicArn: string;
  protocol: string;
  endpoint: string;
  /** ARN of the caller who subscribed. */
  owner: string;
  /** True until the receiver has said that it wants the messages: an e-mail address never does here. */
  pending: boolean;
  attributes: Record<string, string>;
}

/** A message attribute as it is delivered. */
export interface NotificationAttribute {
  Type: string;
  /** Base64 for binary. */
  Value: string;
}

export interface Notification {
  messageId: string;
  topicArn: string;
  subject?: string;
  message: string;
  attributes: Record<string, NotificationAttribute>;
  publishedMs: number;
}
