"""AWS Step Functions: machines, versions, aliases, executions, callbacks."""

import json

from kit import contains, pages, policy, refused, same, trust, until


def machine(states, start):
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": start, "States": states})


SUM = machine({
    "IsLarge": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n > 5 %}", "Next": "Large"}], "Default": "Small"},
    "Large": {"Type": "Pass", "Output": "{% {'size': 'large', 'twice': $states.input.n * 2} %}", "End": True},
    "Small": {"Type": "Fail", "Error": "TooSmall", "Cause": "{% 'it is ' & $string($states.input.n) %}"},
}, "IsLarge")
WAITING = machine({"Hold": {"Type": "Wait", "Seconds": 86400, "End": True}}, "Hold")


def life_cycle(kit):
    states, iam, sqs = kit.client("stepfunctions"), kit.client("iam"), kit.client("sqs")
    role = iam.create_role(RoleName="drive-machine", AssumeRolePolicyDocument=trust("states.amazonaws.com"))["Role"]["Arn"]
    iam.put_role_policy(RoleName="drive-machine", PolicyName="send", PolicyDocument=policy("sqs:SendMessage"))
    same(states.validate_state_machine_definition(definition=SUM)["result"], "OK")
    dangling = machine({"A": {"Type": "Pass", "Next": "Nowhere"}}, "A")
    same(states.validate_state_machine_definition(definition=dangling)["result"], "FAIL")
    with refused("InvalidDefinition", 400):
        states.create_state_machine(name="broken", definition=dangling, roleArn=role)
    arn = states.create_state_machine(name="drive", definition=SUM, roleArn=role, tags=[{"key": "team", "value": "a"}])["stateMachineArn"]
    same([one["name"] for one in pages(states, "list_state_machines", "stateMachines")], ["drive"])
    states.tag_resource(resourceArn=arn, tags=[{"key": "stage", "value": "test"}])
    states.untag_resource(resourceArn=arn, tagKeys=["team"])
    same(states.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "stage", "value": "test"}])
    executions(states, arn)
    releases(states, arn, role)
    callbacks(states, role, sqs)
    states.delete_state_machine(stateMachineArn=arn)
    until("the machine is gone", lambda: pages(states, "list_state_machines", "stateMachines") == [])
    iam.delete_role_policy(RoleName="drive-machine", PolicyName="send")
    iam.delete_role(RoleName="drive-machine")


def ended(states, execution):
    def look():
        described = states.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    return until("the execution has ended", look)


def executions(states, arn):
    good = states.start_execution(stateMachineArn=arn, name="good", input='{"n": 7}')["executionArn"]
    done = ended(states, good)
    same((done["status"], json.loads(done["output"])), ("SUCCEEDED", {"size": "large", "twice": 14}))
    with refused("ExecutionAlreadyExists", 400):
        states.start_execution(stateMachineArn=arn, name="good", input='{"n": 8}')
    bad = ended(states, states.start_execution(stateMachineArn=arn, input='{"n": 1}')["executionArn"])
    same((bad["status"], bad["error"], bad["cause"]), ("FAILED", "TooSmall", "it is 1"))
    history = pages(states, "get_execution_history", "events", executionArn=good, PaginationConfig={"PageSize": 2})
    same([event["type"] for event in history], [
        "ExecutionStarted", "ChoiceStateEntered", "ChoiceStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])
    same(len(pages(states, "list_executions", "executions", stateMachineArn=arn, statusFilter="FAILED")), 1)
    same(states.describe_state_machine_for_execution(executionArn=good)["definition"], SUM)
    with refused("InvalidExecutionInput", 400):
        states.start_execution(stateMachineArn=arn, input="not json")


def releases(states, arn, role):
    first = states.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    states.update_state_machine(stateMachineArn=arn, definition=WAITING)
    until("the change is visible", lambda: states.describe_state_machine(stateMachineArn=arn)["definition"] == WAITING)
    second = states.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    route = lambda version: [{"stateMachineVersionArn": version, "weight": 100}]
    alias = states.create_state_machine_alias(name="live", routingConfiguration=route(first))["stateMachineAliasArn"]
    states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=route(second))
    same(states.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"], route(second))
    same(len(states.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]), 2)
    same(len(states.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]), 1)
    held = states.start_execution(stateMachineArn=alias, input="{}")["executionArn"]
    until("it waits", lambda: states.describe_execution(executionArn=held)["status"] == "RUNNING")
    states.stop_execution(executionArn=held, error="Enough", cause="of waiting")
    stopped = ended(states, held)
    same((stopped["status"], stopped["error"]), ("ABORTED", "Enough"))
    with refused("ConflictException", 409):
        states.delete_state_machine_version(stateMachineVersionArn=second)
    states.delete_state_machine_alias(stateMachineAliasArn=alias)
    for version in (first, second):
        states.delete_state_machine_version(stateMachineVersionArn=version)


def callbacks(states, role, sqs):
    url = sqs.create_queue(QueueName="drive-callbacks")["QueueUrl"]
    ask = {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True, "HeartbeatSeconds": 3600,
        "Arguments": {"QueueUrl": url, "MessageBody": {"token": "{% $states.context.Task.Token %}"}},
    }
    arn = states.create_state_machine(name="drive-callbacks", definition=machine({"Ask": ask}, "Ask"), roleArn=role)["stateMachineArn"]

    def token_in_queue():
        [message] = until("the token is in the queue", lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])["token"]

    def asked():
        execution = until("the machine can be started", lambda: states.start_execution(stateMachineArn=arn))["executionArn"]
        return execution, token_in_queue()

    execution, token = asked()
    states.send_task_heartbeat(taskToken=token)
    states.send_task_success(taskToken=token, output='{"approved": true}')
    same(json.loads(ended(states, execution)["output"]), {"approved": True})
    with refused("TaskTimedOut", 400):
        states.send_task_success(taskToken=token, output="{}")
    execution, token = asked()
    states.send_task_failure(taskToken=token, error="Refused", cause="by hand")
    same(ended(states, execution)["error"], "Refused")
    states.redrive_execution(executionArn=execution)
    states.send_task_success(taskToken=token_in_queue(), output="{}")
    status = lambda: states.describe_execution(executionArn=execution)
    until("the second try has ended well", lambda: status()["status"] == "SUCCEEDED")
    same(status()["redriveCount"], 1)
    with refused("InvalidToken", 400):
        states.send_task_success(taskToken="nonsense", output="{}")
    states.delete_state_machine(stateMachineArn=arn)
    sqs.delete_queue(QueueUrl=url)
