"""What every life cycle is written with: clients of one cloud, expected refusals, patience, and a count of what was called."""

import io
import json
import time
import zipfile
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

# Seconds. Things take AWS's time divided by the cloud's time factor; nothing here is worth a longer wait.
PATIENCE_SECONDS = 60


class Kit:
    """boto3 as a person has it: endpoint and credentials come from the environment."""

    def __init__(self):
        self._session = boto3.Session()
        self._answered = {}
        self._session.events.register("after-call", self._count)

    def client(self, name, **settings):
        # Standard mode repeats what a person's SDK would repeat, and no more.
        return self._session.client(name, config=Config(retries={"mode": "standard", "max_attempts": 3}, **settings))

    def anonymous(self, name, **settings):
        """A client for somebody else: explicit credentials, or none."""
        return self._session.client(name, **settings)

    def _count(self, http_response, model, **_):
        if http_response.status_code >= 300:
            return
        service = self._answered.setdefault(model.service_model.signing_name, set())
        service.add(model.name)

    @property
    def answered(self):
        """Names of the operations that were answered without an error, by the name the service signs with."""
        return {service: sorted(names) for service, names in sorted(self._answered.items())}


@contextmanager
def refused(code, status=None, saying=None):
    """The block must end in a ClientError with this code, and where given this HTTP status and part of its message."""
    try:
        yield
    except ClientError as error:
        answer = error.response
        same(answer["Error"]["Code"], code, "error code")
        if status is not None:
            same(answer["ResponseMetadata"]["HTTPStatusCode"], status, "HTTP status")
        if saying is not None:
            contains(answer["Error"]["Message"], saying)
        return
    raise AssertionError(f"expected {code}, and the call went through")


def same(found, expected, what="value"):
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r}, found {found!r}")


def contains(found, expected):
    if expected not in found:
        raise AssertionError(f"expected {expected!r} in {found!r}")


def until(what, look):
    """What `look` returns once it is true. A call that is refused as too early counts as not yet."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    last = None
    while time.monotonic() < deadline:
        try:
            found = look()
            if found:
                return found
        except ClientError as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come to pass: {last}")


def wait(client, name, **arguments):
    """botocore's own waiter, looking every half second instead of every 15. Some take "does not exist" for the end, which
    EC2 may answer for a moment after a create: they are started again."""
    settings = {"Delay": 0.5, "MaxAttempts": PATIENCE_SECONDS * 2}

    def ended():
        try:
            client.get_waiter(name).wait(WaiterConfig=settings, **arguments)
            return True
        except WaiterError as error:
            if "NotFound" in str((error.last_response or {}).get("Error", {}).get("Code")):
                return False
            raise

    until(f"the waiter {name}", ended)


def pages(client, operation, key, **arguments):
    """All entries of a paginated operation, one to a page where the operation lets the caller say so."""
    return [entry for page in client.get_paginator(operation).paginate(**arguments) for entry in page.get(key, [])]


def zipped(**files):
    """A zip archive of these texts, as Lambda takes it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for name, text in files.items():
            bundle.writestr(name.replace("__", "."), text)
    return archive.getvalue()


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(actions, resources="*", effect="Allow", **more):
    statement = {"Effect": effect, "Action": actions, "Resource": resources, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
