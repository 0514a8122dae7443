"""AWS Lambda: a function, its versions, aliases, permissions and limits, and what it answers."""

import base64
import json

from kit import contains, pages, policy, refused, same, trust, until, wait, zipped

NAME = dict(FunctionName="drive")


def code(answer):
    return zipped(index__mjs=f"""
export const handler = async (event) => {{
  if (event.fail) throw new TypeError("as asked");
  return {{ answer: {json.dumps(answer)}, given: event }};
}};
""")


def life_cycle(kit):
    functions, iam = kit.client("lambda"), kit.client("iam")
    role = iam.create_role(RoleName="drive-function", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Role"]["Arn"]
    iam.put_role_policy(RoleName="drive-function", PolicyName="log", PolicyDocument=policy("logs:*"))
    made = until("the role can be assumed", lambda: functions.create_function(
        **NAME, Runtime="nodejs22.x", Handler="index.handler", Role=role, Code={"ZipFile": code("one")},
        Timeout=10, Tags={"team": "a"}))
    arn = made["FunctionArn"]
    wait(functions, "function_active_v2", **NAME)
    with refused("ResourceConflictException", 409):
        functions.create_function(**NAME, Runtime="nodejs22.x", Handler="index.handler", Role=role, Code={"ZipFile": code("x")})
    same([one["FunctionName"] for one in pages(functions, "list_functions", "Functions")], ["drive"])
    functions.tag_resource(Resource=arn, Tags={"stage": "test"})
    functions.untag_resource(Resource=arn, TagKeys=["team"])
    same(functions.list_tags(Resource=arn)["Tags"], {"stage": "test"})
    invoke(functions)
    releases(functions)
    limits(functions)
    functions.add_permission(**NAME, StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com")
    contains(functions.get_policy(**NAME)["Policy"], "events.amazonaws.com")
    functions.remove_permission(**NAME, StatementId="events")
    functions.delete_function(**NAME)
    with refused("ResourceNotFoundException", 404):
        functions.get_function(**NAME)
    iam.delete_role_policy(RoleName="drive-function", PolicyName="log")
    iam.delete_role(RoleName="drive-function")


def invoke(functions):
    called = functions.invoke(**NAME, Payload=json.dumps({"n": 1}).encode(), LogType="Tail")
    same(json.load(called["Payload"]), {"answer": "one", "given": {"n": 1}})
    contains(base64.b64decode(called["LogResult"]).decode(), "REPORT RequestId")
    failed = functions.invoke(**NAME, Payload=b'{"fail": true}')
    same((failed["StatusCode"], failed["FunctionError"]), (200, "Unhandled"))
    same(json.load(failed["Payload"])["errorType"], "TypeError")
    same(functions.invoke(**NAME, InvocationType="Event", Payload=b"{}")["StatusCode"], 202)
    with refused("InvalidRequestContentException", 400):
        functions.invoke(**NAME, Payload=b"not json")


def releases(functions):
    first = functions.publish_version(**NAME)["Version"]
    functions.create_alias(**NAME, Name="live", FunctionVersion=first)
    functions.update_function_code(**NAME, ZipFile=code("two"))
    wait(functions, "function_updated_v2", **NAME)
    functions.update_function_configuration(**NAME, Environment={"Variables": {"COLOUR": "blue"}})
    wait(functions, "function_updated_v2", **NAME)
    same(functions.get_function_configuration(**NAME)["Environment"]["Variables"], {"COLOUR": "blue"})
    second = functions.publish_version(**NAME)["Version"]
    wait(functions, "published_version_active", **NAME, Qualifier=second)
    answer = lambda qualifier: json.load(functions.invoke(**NAME, Qualifier=qualifier, Payload=b"{}")["Payload"])["answer"]
    same((answer("live"), answer(second), answer("$LATEST")), ("one", "two", "two"))
    functions.update_alias(**NAME, Name="live", FunctionVersion=second)
    same(functions.get_alias(**NAME, Name="live")["FunctionVersion"], second)
    same(len(pages(functions, "list_aliases", "Aliases", **NAME)), 1)
    same([one["Version"] for one in pages(functions, "list_versions_by_function", "Versions", **NAME)], ["$LATEST", first, second])
    with refused("ResourceConflictException", 409):
        functions.delete_function(**NAME, Qualifier=second)
    functions.delete_alias(**NAME, Name="live")


def limits(functions):
    functions.put_function_concurrency(**NAME, ReservedConcurrentExecutions=0)
    same(functions.get_function_concurrency(**NAME)["ReservedConcurrentExecutions"], 0)
    with refused("TooManyRequestsException", 429):
        functions.invoke(**NAME, Payload=b"{}")
    functions.delete_function_concurrency(**NAME)
    functions.put_function_event_invoke_config(**NAME, MaximumRetryAttempts=0)
    same(functions.get_function_event_invoke_config(**NAME)["MaximumRetryAttempts"], 0)
    functions.delete_function_event_invoke_config(**NAME)
    with refused("ResourceNotFoundException", 404):
        functions.get_function_event_invoke_config(**NAME)
