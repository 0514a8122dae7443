"""Amazon SNS: topics, subscriptions, delivery to a queue."""

import json

from kit import contains, pages, refused, same, until


def life_cycle(kit):
    sns, sqs = kit.client("sns"), kit.client("sqs")
    arn = sns.create_topic(Name="drive", Tags=[{"Key": "team", "Value": "a"}])["TopicArn"]
    same(sns.create_topic(Name="drive")["TopicArn"], arn, "topic created twice")
    contains([topic["TopicArn"] for topic in pages(sns, "list_topics", "Topics")], arn)
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["team"])
    same(sns.list_tags_for_resource(ResourceArn=arn)["Tags"], [{"Key": "stage", "Value": "test"}])
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Drive")
    same(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"], "Drive")

    url = sqs.create_queue(QueueName="drive-topic")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": arn}},
        }],
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(allowed)})
    subscription = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    same(sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]["RawMessageDelivery"], "true")
    contains([one["SubscriptionArn"] for one in pages(sns, "list_subscriptions", "Subscriptions")], subscription)
    same(len(pages(sns, "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)), 1)

    sns.publish(TopicArn=arn, Message="one")
    batch = [{"Id": "a", "Message": "two"}, {"Id": "b", "Message": "three"}]
    same(len(sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=batch)["Successful"]), 2)
    bodies = set()

    def arrived():
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            bodies.add(message["Body"])
        return bodies == {"one", "two", "three"}

    until("all three messages are in the queue", arrived)
    sns.unsubscribe(SubscriptionArn=subscription)
    with refused("NotFound", 404):
        sns.get_subscription_attributes(SubscriptionArn=subscription)
    sns.delete_topic(TopicArn=arn)
    sqs.delete_queue(QueueUrl=url)
