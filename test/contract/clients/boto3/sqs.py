"""Amazon SQS: queues, messages, batches, dead letters."""

import json

from kit import contains, pages, refused, same, until


def life_cycle(kit):
    sqs = kit.client("sqs")
    dead = sqs.create_queue(QueueName="drive-dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url = sqs.create_queue(QueueName="drive", Attributes={"VisibilityTimeout": "30"}, tags={"team": "a"})["QueueUrl"]
    same(sqs.get_queue_url(QueueName="drive")["QueueUrl"], url)
    with refused("QueueAlreadyExists"):
        sqs.create_queue(QueueName="drive", Attributes={"VisibilityTimeout": "31"})
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.get_queue_url(QueueName="nowhere")
    same(sorted(pages(sqs, "list_queues", "QueueUrls", QueueNamePrefix="drive", PaginationConfig={"PageSize": 1})), sorted([url, dead]))

    sqs.tag_queue(QueueUrl=url, Tags={"stage": "test"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
    same(sqs.list_queue_tags(QueueUrl=url)["Tags"], {"stage": "test"})

    attributes = {"kind": {"DataType": "String", "StringValue": "greeting"}}
    sqs.send_message(QueueUrl=url, MessageBody="hello <&> \u00e9", MessageAttributes=attributes)
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=2)["Messages"]
    same(message["Body"], "hello <&> \u00e9")
    same(message["MessageAttributes"]["kind"]["StringValue"], "greeting")
    same(sqs.receive_message(QueueUrl=url).get("Messages", []), [], "messages while one is in flight")
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    [again] = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    same(again["Attributes"]["ApproximateReceiveCount"], "2")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])

    sent = sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(number), "MessageBody": f"body {number}"} for number in range(3)]
    )
    same(sorted(entry["Id"] for entry in sent["Successful"]), ["0", "1", "2"])
    with refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct"):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "y"}])
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)["Messages"]
    entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(received)]
    sqs.change_message_visibility_batch(QueueUrl=url, Entries=[{**one, "VisibilityTimeout": 60} for one in entries])
    same(sqs.delete_message_batch(QueueUrl=url, Entries=entries).get("Failed", []), [])

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})
    same(pages(sqs, "list_dead_letter_source_queues", "queueUrls", QueueUrl=dead), [url])
    sqs.send_message(QueueUrl=url, MessageBody="poison")

    def moved():
        sqs.receive_message(QueueUrl=url)
        return sqs.receive_message(QueueUrl=dead).get("Messages")

    contains(until("the poisoned message is a dead letter", moved)[0]["Body"], "poison")
    sqs.purge_queue(QueueUrl=url)
    for queue in (url, dead):
        sqs.delete_queue(QueueUrl=queue)
