#!/usr/bin/env python3
"""AWS as the tests have it: moto's server over HTTP, boto3 as a client of it, and botocore's signer.

Prints moto's URL on the first line. Then reads one JSON command a line and answers each with one line; ends when its
standard input ends, so that it never outlives the tests. Shares no code with what is tested.
"""

import datetime
import json
import logging
import os
import sys

# The port to listen at (0 for any), the account and the region.
port, account, region = sys.argv[1:4] or ("0", "000000000000", "eu-west-2")
os.environ["MOTO_ACCOUNT_ID"] = account

import boto3  # noqa: E402
import botocore.auth  # noqa: E402
import moto.backends  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

logging.getLogger("werkzeug").setLevel(logging.ERROR)
# moto lists a folder of its own for every request.
modules = list(moto.backends.list_of_moto_modules())
moto.backends.list_of_moto_modules = lambda: iter(modules)
output = sys.stdout
sys.stdout = sys.stderr

server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(port), verbose=False)
server.start()
url = "http://%s:%d" % server.get_host_and_port()
clients = {
    name: boto3.client(
        name,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="boto",
        aws_secret_access_key="boto",
        config=Config(retries={"total_max_attempts": 1}),
    )
    for name in ("sqs", "sns")
}


def call(command):
    try:
        answer = getattr(clients[command["service"]], command["operation"])(**command["arguments"])
    except ClientError as error:
        return {"error": error.response["Error"]["Code"]}
    answer.pop("ResponseMetadata", None)
    return {"answer": answer}


def published(command):
    """What a topic was sent, in order: moto keeps it."""
    topic = moto.backends.get_backend("sns")[account][region].topics.get(command["published"])
    return {"answer": [sent[1] for sent in topic.sent_notifications] if topic else []}


def sign(command):
    moment = datetime.datetime.strptime(command["date"], "%Y%m%dT%H%M%SZ")
    botocore.auth.get_current_datetime = lambda *_, **__: moment
    request = AWSRequest(
        method=command["method"], url=command["url"], data=bytes.fromhex(command["payload"]) or None
    )
    for name, value in command["fields"]:
        request.headers.add_header(name, value)
    keys = Credentials(command["id"], command["secret"], command["token"])
    botocore.auth.SigV4Auth(keys, command["service"], command["region"]).add_auth(request)
    return {"answer": request.headers["Authorization"]}


print(url, file=output, flush=True)
for line in sys.stdin:
    command = json.loads(line)
    answer = sign if "date" in command else published if "published" in command else call
    print(json.dumps(answer(command), default=str), file=output, flush=True)
