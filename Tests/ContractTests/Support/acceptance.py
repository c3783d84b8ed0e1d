"""Whether the server takes what its document describes, and refuses what it does not: a check of schemathesis, for every
request that it sends, whatever it was made for. check_api.py loads it.

The document's shape is older than the gateway, and clients are generated from it (docs/contract/adoption.md §8, AD-44). So some
requests are refused that it describes, and some taken that it does not. Each such rule is here by name, with its reason; how
often each was met is told at the end.
"""
import atexit
import collections
import datetime
import json
import os
import re
import urllib.parse

import jsonschema
import schemathesis

REFUSALS = {400, 415, 422}
DOCUMENT = json.loads(open(os.environ["ACCEPTANCE_DOCUMENT"]).read())
tally = collections.Counter()


def is_day(text):
    try:
        return bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def is_local_time(text):
    """Without a zone, as README.md of the shapes says of every time (quirk 10)."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?", text, flags=re.A):
        return False
    try:
        return bool(datetime.datetime.fromisoformat(text[:19]))
    except ValueError:
        return False


# What a format says is a part of the description.
FORMATS = jsonschema.FormatChecker(formats=())
FORMATS.checks("date")(lambda value: not isinstance(value, str) or is_day(value))
FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or is_local_time(value))


def validator(schema):
    return jsonschema.Draft202012Validator(schema | {"components": DOCUMENT["components"]}, format_checker=FORMATS)


def resolved(schema):
    return DOCUMENT["components"]["schemas"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema


class Request:
    """A request as it was sent."""

    def __init__(self, case, response):
        self.path, self.label = case.path, f"{case.method.upper()} {case.path}"
        self.operation = DOCUMENT["paths"][case.path][case.method.lower()]
        url = urllib.parse.urlsplit(response.request.url)
        self.raw = url.path + "?" + url.query
        self.query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        pattern = re.sub(r"\\\{[^}]*\\\}", "([^/]*)", re.escape(case.path))
        found = re.search(pattern + "$", url.path)
        names = re.findall(r"\{([^}]*)\}", case.path)
        self.in_path = dict(zip(names, map(urllib.parse.unquote, found.groups()))) if found else None
        sent = response.request.body
        self.text = sent.decode("utf-8", "replace") if isinstance(sent, bytes) else sent or ""
        content = self.operation.get("requestBody", {}).get("content", {}).get("application/json")
        self.schema = content and content["schema"]
        self.type = response.request.headers.get("Content-Type", "")
        try:
            self.body = json.loads(self.text) if self.schema and self.text else None
            self.is_json = True
        except ValueError:
            self.body, self.is_json = None, False
        self.answer = response
        try:
            self.error = json.loads(response.content) if response.content else {}
        except ValueError:
            self.error = {}

    def says(self, *words):
        return any(word in str(self.error.get("developerMessage")) for word in words)

    # What the document says of it.

    def undescribed_parameters(self):
        """The names of parameters whose values the document does not describe."""
        wrong = []
        for parameter in self.operation.get("parameters", []):
            if parameter["in"] == "path":
                values = [self.in_path[parameter["name"]]]
            else:
                values = self.query.get(parameter["name"], [])
            schema = parameter["schema"]
            if schema["type"] == "array":
                schema = schema["items"]
            elif len(values) > 1:
                wrong.append(parameter["name"])
            wrong += [parameter["name"] for value in values if not fits(value, schema)]
        return wrong

    def is_body_described(self, body=None):
        if self.schema is None:
            return True
        if not self.text:
            return not self.operation["requestBody"].get("required", False)
        return self.is_json and "json" in self.type and validator(self.schema).is_valid(self.body if body is None else body)


def fits(text, schema):
    kind = schema["type"]
    if kind == "boolean":
        return text in ("true", "false")
    if kind == "integer":
        if not re.fullmatch(r"-?[0-9]+", text):
            return False
        limit = 1 << {"int32": 31, "int64": 63}.get(schema.get("format"), 128)
        return -limit <= int(text) < limit and validator(schema).is_valid(int(text))
    return validator(schema).is_valid(text)


def as_texts(body, schema):
    """A body with texts for numbers and booleans where the document wants texts."""
    schema = resolved(schema)
    kinds = schema.get("type", [])
    if isinstance(body, dict):
        properties = schema.get("properties", {})
        return {name: as_texts(value, properties.get(name, {})) for name, value in body.items()}
    if isinstance(body, list):
        return [as_texts(value, schema.get("items", {})) for value in body]
    if "string" in kinds and "enum" not in schema and isinstance(body, (bool, int, float)):
        return json.dumps(body)
    return body


# Requests that the document describes and the server refuses. Each rule looks at what was sent: that the answer speaks of the
# rule is not enough, or a server that refuses without a reason would be believed.

LENIENT_TIMES = {"closedAt", "reopenedAt", "dischargeTime"}
BLANK, CONTROL = re.compile("[\\0-\x20]*"), re.compile("[\\0-\x1f\x7f]")


def texts(value):
    """All texts of a body, however deep."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in texts(part)]


def sent_texts(request):
    """What the request says beside its names."""
    return texts(request.body) + list(request.in_path.values()) + [each for all in request.query.values() for each in all]


def given(request, name):
    """A parameter as the server reads it: blank is as though it were not there."""
    return next((text for text in request.query.get(name, []) if text.strip()), None)


def same_prisoner_twice(request):
    body = request.body
    return isinstance(body, dict) and "secondPrisonerNumber" in body \
        and body.get("firstPrisonerNumber") == body["secondPrisonerNumber"]


def has_unformed_number(request):
    form = "[a-zA-Z][0-9]{4}[a-zA-Z]{2}"
    values = list(request.in_path.values())
    if isinstance(request.body, dict):
        values += [request.body.get("firstPrisonerNumber"), request.body.get("secondPrisonerNumber")]
    return any(isinstance(value, str) and not re.fullmatch(form, value, flags=re.A) for value in values)


def has_too_few_numbers(request):
    """No body is no number: the shape does not say that there has to be one."""
    least = 2 if request.path.endswith("/between") else 1
    numbers = request.body if isinstance(request.body, list) else [] if not request.text else None
    return numbers is not None and len({str(each) for each in numbers if each != ""}) < least \
        and request.says("distinct prisoner numbers are required")


def sorts_by_no_property(request):
    known = set(DOCUMENT["components"]["schemas"]["NonAssociation"]["properties"])
    names = [part.split(",")[0].strip() for part in request.query.get("sort", [])]
    return request.says("Parameter sort must name") and any(name not in known for name in names)


def exceeds_its_column(request):
    limit = re.search("must have at most ([0-9]+) characters", str(request.error.get("developerMessage")))
    sent = sent_texts(request)
    return bool(limit) and any(len(text) > int(limit[1]) for text in sent) \
        or request.says("must not be blank") and any(BLANK.fullmatch(text) for text in sent) \
        or request.says("must not have control characters") and any(CONTROL.search(text) for text in sent)


# What records and prison API have against a change of a restricted patient: code, and the words of the description.
RULES = {
    "EXISTING_PATIENT": "a restricted patient already",
    "NO_MOVEMENTS": "has not moved",
    "MULTIPLE_MOVEMENTS": "several latest movements",
    "LAST_MOVE_NOT_REL": "latest movement is no release",
    "LAST_MOVE_NO_FROM_AGENCY": "which prison the prisoner was released from",
    "DISCHARGE_TIME_INVALID": "when the prisoner was released",
    "PRISON_UNCHANGED": "supports the patient already",
    "PRISON_NOT_FOUND": "does not know the prison",
    "RESOLUTION_NOT_POSSIBLE": "does not fit the records of the merge",
}


def breaks_a_rule_of_records(request):
    """The description of the operation has to say of its 400 what the code means."""
    words = RULES.get(request.error.get("errorCode"))
    return words is not None and words in request.operation["responses"].get("400", {}).get("description", "")


REFUSED = [
    ("U+0000, which no database can store", lambda r: "\\u0000" in r.text or "\0" in r.text or "%00" in r.raw),
    ("a text that is no Unicode", lambda r: re.search(r"\\ud[89a-f]", r.text, re.I) is not None),
    ("a prisoner number that is more than its pattern: the pattern has no anchors", has_unformed_number),
    ("one prisoner twice, which no schema can say", same_prisoner_twice),
    ("neither open nor closed ones, which no schema can say",
     lambda r: given(r, "includeOpen") == "false" and given(r, "includeClosed") != "true"),
    ("more than 200 on a page: the shape has no maximum", lambda r: int(given(r, "size") or 0) > 200),
    ("an order by what is no property: the shape has any text", sorts_by_no_property),
    ("empty or too few numbers, which do not count", has_too_few_numbers),
    ("a value that does not fit its column: the shape has no bounds", exceeds_its_column),
    ("neither prn nor crn, which are both optional",
     lambda r: r.path.endswith("/subject-access-request") and not given(r, "prn") and not given(r, "crn")),
    ("a rule of the records, which the description of the answer names", breaks_a_rule_of_records),
    ("a query with control characters that are percent-encoded", lambda r: re.search("%(0[0-9a-f]|1[0-9a-f]|7f)", r.raw, re.I)),
]

# Requests that the document does not describe and the server takes, as the services replaced did.


def body_taken_as(request, change):
    if not request.is_json or request.schema is None:
        return False
    return validator(request.schema).is_valid(change(as_texts(request.body, request.schema)))


def without_lenient(body):
    """What the server reads a body of an object as: blank and array times, and null choices, say nothing."""
    if not isinstance(body, dict):
        return body
    kept = {name: value for name, value in body.items()
            if value is not None and not (name in LENIENT_TIMES and (not isinstance(value, str) or BLANK.fullmatch(value)))}
    if "reopenReason" in kept:
        kept.setdefault("reopenedBy", None)
    return kept


TAKEN = [
    ("a number or boolean for a text", lambda r: body_taken_as(r, lambda body: body)),
    ("reopenedBy left out, null for a choice of a patch, a time as an array or blank", lambda r: body_taken_as(r, without_lenient)),
    ("a number twice in a list, which counts once",
     lambda r: body_taken_as(r, lambda body: sorted(set(map(str, body))) if isinstance(body, list) else body)),
    ("a page or a size that is no such number, which is the default's",
     lambda r: set(r.undescribed_parameters()) <= {"page", "size"} and r.is_body_described()),
    ("a parameter twice, empty, or a boolean in other words",
     lambda r: all(len(r.query.get(name, [])) > 1 or r.query.get(name, [""])[0].strip().lower()
                   in ("", "true", "false", "on", "off", "yes", "no", "1", "0") for name in r.undescribed_parameters())
     and r.is_body_described()),
]


@schemathesis.check
def acceptance(ctx, response, case):
    if case.method.lower() not in DOCUMENT["paths"].get(case.path, {}):
        return
    request = Request(case, response)
    # Another path than was meant: an empty parameter, or one with a slash.
    if request.in_path is None:
        return
    is_described = not request.undescribed_parameters() and request.is_body_described()
    status = response.status_code
    if is_described and status in REFUSALS:
        known, what = REFUSED, "is described, and was refused"
    elif not is_described and 200 <= status < 300:
        known, what = TAKEN, "is not described, and was taken"
    else:
        if status < 300 or status in REFUSALS:
            tally["described and taken" if is_described else "not described and refused"] += 1
        return
    for reason, holds in known:
        if holds(request):
            tally[f"{what}: {reason}"] += 1
            return
    raise AssertionError(f"what was sent {what}: {request.label} {request.raw} {request.text!r} {response.content!r}")


@atexit.register
def tell():
    with open(os.environ["ACCEPTANCE_TALLY"], "w") as file:
        json.dump(tally, file, indent=1)
