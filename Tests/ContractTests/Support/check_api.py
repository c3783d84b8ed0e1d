"""Checks a running gateway's description of its API with tools that share nothing with it.

check_api.py validate URL             the document is valid OpenAPI 3.1
check_api.py yaml URL TOKEN           the document as YAML holds what it does as JSON
check_api.py exercise URL TOKEN SEED  schemathesis calls every operation; prints what it found
"""
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator


def validate(url):
    with urllib.request.urlopen(url + "/v3/api-docs", timeout=10) as answer:
        document = json.load(answer)
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())
    for error in errors:
        print(f"{'/'.join(map(str, error.absolute_path))}: {error.message}")
    return 1 if errors else 0


def described_in_yaml(url, token):
    with urllib.request.urlopen(url + "/v3/api-docs", timeout=10) as answer:
        document = json.load(answer)
    request = urllib.request.Request(url + "/v3/api-docs.yaml", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        same = yaml.safe_load(answer.read()) == document
    print("" if same else "the YAML holds something else")
    return 0 if same else 1


# What answers have, where the shape that clients are generated from says otherwise (docs/contract/adoption.md §8, AD-44). An
# answer is checked against the document with these changes.
def as_answered(document):
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        for value in schema.get("properties", {}).values():
            # Local times: the format wants a zone, and clients read a time without one.
            if value.get("format") == "date-time":
                value["format"] = "local-date-time"
            # A number that the shape calls a text.
            if value.get("type") == "string" and value.get("format") == "int32":
                value["type"] = "integer"
    for value in schemas["NonAssociationHistory"]["properties"]["history"]["items"]["properties"].values():
        if value.get("format") == "date-time":
            value["format"] = "local-date-time"
    for value in schemas["SetAsideMessages"]["properties"]["messages"]["items"]["properties"].values():
        value.pop("format", None) if value.get("format") == "date-time" else None
    # A dead letter that is no JSON object is shown as a text.
    schemas["DlqMessage"]["properties"]["body"] = {}
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                # The type is spelt wrong in the shape.
                if "plain/text" in response.get("content", {}):
                    response["content"]["text/plain"] = response["content"].pop("plain/text")
            # These have no body, which the shape gives one.
            for status in ("204", "401"):
                operation["responses"].get(status, {}).pop("content", None)
            # Nothing, or an error.
            operation["responses"].get("209", {}).pop("content", None)
    return document


def description(url, folder):
    """The document in a file, and in another what answers are checked against."""
    with urllib.request.urlopen(url + "/v3/api-docs", timeout=10) as answer:
        document = json.load(answer)
    folder = pathlib.Path(folder)
    (folder / "document.json").write_text(json.dumps(document))
    (folder / "api.json").write_text(json.dumps(as_answered(document)))


def exercise(url, token, seed, folder):
    # What must never be: an error of the server, a status, a media type or a body that is not described. Whether what is
    # described is taken and what is not is refused, acceptance.py checks for every request, whatever it was made for:
    # positive_data_acceptance and negative_data_rejection know only what it was made for, and none of the rules there.
    # Left out besides: `/non-associations/between` is also a `/non-associations/{id}`, with its methods
    # (unsupported_method, allow_header_conformance); the checks of roles are elsewhere (ignored_auth). A method that no API
    # knows is 501 (RFC 9110 §9.1), not 405 as not_a_server_error wants.
    description(url, folder)
    folder = pathlib.Path(folder)
    (folder / "schemathesis.toml").write_text(
        '[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", "501"]\n'
        # Open to whoever can reach it, as a job calls it without a token (docs/contract/platform.md §4).
        '[[operations]]\ninclude-path = "/queue-admin/retry-all-dlqs"\nchecks.missing_required_header.enabled = false\n')
    tally = folder / "tally.json"
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", str(folder / "api.json"), "--url", url,
        "-H", f"Authorization: Bearer {token}", "--exclude-checks",
        "positive_data_acceptance,negative_data_rejection,unsupported_method,allow_header_conformance,ignored_auth",
        "--max-examples", "40", "--seed", seed, "--workers", "1", "--no-color", "--warnings", "off",
        "--suppress-health-check", "all", "--phases", "examples,coverage,fuzzing", "--request-timeout", "10",
    ]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "acceptance", "PYTHONPATH": str(pathlib.Path(__file__).parent), "ACCEPTANCE_TALLY": str(tally),
        "ACCEPTANCE_DOCUMENT": str(folder / "document.json"),
    }
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    print(done.stdout[-20000:])
    print(done.stderr[-4000:])
    counts = json.loads(tally.read_text()) if tally.exists() else {}
    print(json.dumps(counts, indent=1))
    for met in ("described and taken", "not described and refused"):
        if counts.get(met, 0) < 100:
            print(f"only {counts.get(met, 0)} requests were {met}")
            return 1
    return done.returncode


if __name__ == "__main__":
    if sys.argv[1] == "validate":
        sys.exit(validate(sys.argv[2]))
    if sys.argv[1] == "yaml":
        sys.exit(described_in_yaml(sys.argv[2], sys.argv[3]))
    sys.exit(exercise(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5]))
