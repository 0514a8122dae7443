"""Runs a state machine on moto's Step Functions engine, with Lambda's answers as they were recorded elsewhere.

In: a JSON document on standard input, {node, evaluator, name, execution, definition, input, calls}. Out: one JSON
document, {states, status, output, error, cause, unanswered, unasked}.
"""

import copy
import io
import json
import subprocess
import sys
import threading
import time

import boto3
from moto import mock_aws
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.eval import states as state_bindings
from moto.stepfunctions.parser.asl.eval import variable_store
from moto.stepfunctions.parser.asl.jsonata import jsonata

PATIENCE_SECONDS = 120
given = json.load(sys.stdin)


class Evaluator:
    """JSONata in a Node process: moto's own evaluator needs a Java machine."""

    def __init__(self, command):
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lock = threading.Lock()

    def __call__(self, expression):
        with self._lock:
            self._child.stdin.write(json.dumps(expression) + "\n")
            self._child.stdin.flush()
            answer = json.loads(self._child.stdout.readline())
        if "error" in answer:
            raise jsonata.JSONataException("UNKNOWN", answer["error"])
        return answer["value"]

    def close(self):
        self._child.stdin.close()
        self._child.wait()


class RecordedLambda:
    """Answers a call as the same call was answered when it was recorded; each answer is given once, in order."""

    def __init__(self, calls):
        self._waiting = [(self._key(call["function"], call["payload"]), call) for call in calls]
        self.unanswered = []
        self._lock = threading.Lock()

    def invoke(self, FunctionName, Payload=b"{}", **_):
        payload = json.loads(Payload)
        with self._lock:
            wanted = self._key(FunctionName, payload)
            found = next((entry for entry in self._waiting if entry[0] == wanted), None)
            if found is None:
                self.unanswered.append({"function": FunctionName, "payload": payload})
                raise RuntimeError(f"nobody recorded {FunctionName} with {json.dumps(payload)}")
            self._waiting.remove(found)
        answer = found[1]
        response = {"StatusCode": 200, "ExecutedVersion": "1", "Payload": io.BytesIO(json.dumps(answer["answer"]).encode())}
        return {**response, "FunctionError": "Unhandled"} if answer["failed"] else response

    @property
    def unasked(self):
        return [call for _, call in self._waiting]

    def _key(self, function, payload):
        # When the execution began is the one thing in a payload that no replay can have.
        known = {name: value for name, value in payload.items() if name not in ("startedAt", "askedAt")}
        return function + json.dumps(known, sort_keys=True)


def adjust(evaluate, functions):
    """What moto's engine lacks to run such machines, and waits cut to nothing."""
    jsonata._eval_jsonata = evaluate
    StateMachine.__deepcopy__ = lambda self, _memo: copy.copy(self)
    # Times in the context object are Python's own there.
    text = lambda value: json.dumps(value, default=lambda time: time.isoformat())
    declared = lambda bindings: "".join(f"{name}:={text(value)};" for name, value in bindings.items())
    for module in (jsonata, state_bindings, variable_store):
        module.encode_jsonata_variable_declarations = declared
    lambda_eval_utils.boto_client_for = lambda **_: functions
    WaitFunction._wait_interval = lambda self, env, wait_seconds: None
    retrier_decl.time = type("NoTime", (), {"sleep": staticmethod(lambda _seconds: None)})


def states_entered(client, execution):
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [event for page in pages for event in page["events"]]
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def run(functions):
    client = boto3.client("stepfunctions", region_name="us-east-1")
    role = "arn:aws:iam::123456789012:role/replay"
    machine = client.create_state_machine(name=given["name"], definition=given["definition"], roleArn=role)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, name=given["execution"], input=given["input"])["executionArn"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (ended := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        if time.monotonic() > deadline:
            raise TimeoutError(f"still running after {states_entered(client, execution)}")
        time.sleep(0.05)
    return {
        "states": states_entered(client, execution),
        "status": ended["status"],
        "output": json.loads(ended["output"]) if "output" in ended else None,
        "error": ended.get("error"),
        "cause": ended.get("cause"),
        "unanswered": functions.unanswered,
        "unasked": functions.unasked,
    }


evaluate = Evaluator([given["node"], given["evaluator"]])
recorded = RecordedLambda(given["calls"])
adjust(evaluate, recorded)
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}):
    print(json.dumps(run(recorded)))
evaluate.close()
