import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Connection, clientConfiguration } from "../../../cli/aws/connection.ts";

const account = "123456789012";

/** Subscribes a queue of its own to the stage's notifications, as a person's mail or chat would be. */
export async function hearNotifications(connection: Connection): Promise<{ heard: () => Promise<string[]> }> {
  const configuration = clientConfiguration(connection);
  const sqs = new SQSClient(configuration);
  const topic = `arn:aws:sns:${connection.region}:${account}:kiln-dev-notifications`;
  const queue = `arn:aws:sqs:${connection.region}:${account}:heard`;
  const allow = {
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: queue,
    Condition: { ArnEquals: { "aws:SourceArn": topic } },
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "heard", Attributes: { Policy } }));
  const Attributes = { RawMessageDelivery: "true" };
  await new SNSClient(configuration).send(
    new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint: queue, Attributes }),
  );
  const texts: string[] = [];
  return {
    /** Everything that was heard until now. */
    async heard() {
      for (;;) {
        const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        if (!Messages || Messages.length === 0) return texts;
        texts.push(...Messages.map(({ Body }) => Body ?? ""));
      }
    },
  };
}
