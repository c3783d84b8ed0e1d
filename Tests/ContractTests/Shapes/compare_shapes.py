"""Compares a document of an API with the shape that clients of it were generated from, rule by rule.

compare_shapes.py compare SHAPE URL VERSION  the document at URL/v3/api-docs; its version must be VERSION
compare_shapes.py planted SHAPE URL          each of many faults planted in that document is found, and nothing else

Prints each difference on a line. What a client does not see is free: words, examples, the order of paths and schemas. What
may be added: paths, operations, schemas, statuses, optional properties of answers.
"""
import copy
import json
import pathlib
import sys
import urllib.request

METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
# What stands in a schema and no generator turns into code.
WORDS = {"description", "summary", "example", "examples", "title"}
SETS = {"enum", "required"}
UNBOUNDED = 2147483647


def listed(value):
    return value if isinstance(value, list) else [value]


def is_default_left_out(where, shape, name):
    """Texts that stand as defaults and are none: `now` may be left out; `null` must be, since who sends it finds nothing."""
    return name == "default" and (shape.get("default") == "now" or is_null_text(shape))


def is_null_text(shape):
    return shape.get("type") == "string" and shape.get("default") == "null"


class Comparison:
    def __init__(self, shape, document):
        self.shape, self.document = shape, document
        self.found = []
        # Schemas of requests: a property more would be one that callers must know of.
        self.of_requests = set()

    def differ(self, where, what, expected=None, actual=None):
        self.found.append(f"{where}: {what}: {json.dumps(expected)} became {json.dumps(actual)}")

    def same(self, where, what, expected, actual):
        if expected != actual:
            self.differ(where, what, expected, actual)

    def run(self):
        shape, document = self.shape, self.document
        self.same("document", "openapi", shape["openapi"].split(".")[:2], document.get("openapi", "").split(".")[:2])
        self.same("info", "title", shape["info"]["title"], document["info"].get("title"))
        self.same("document", "servers", [(s["url"], s.get("description")) for s in shape["servers"]],
                  [(s.get("url"), s.get("description")) for s in document.get("servers", [])])
        self.same("document", "security", shape["security"], document.get("security"))
        declared = {tag["name"] for tag in document.get("tags", [])}
        for tag in shape.get("tags", []):
            if tag["name"] not in declared:
                self.differ("tags", "not declared", tag["name"])
        self.paths()
        self.components()
        return self.found

    def paths(self):
        for path, operations in self.shape["paths"].items():
            ours = self.document["paths"].get(path)
            if ours is None:
                self.differ(path, "is missing")
                continue
            for method, operation in operations.items():
                where = f"{method.upper()} {path}"
                if method not in ours:
                    self.differ(where, "is missing")
                else:
                    self.operation(where, operation, ours[method])
        ids = [operation.get("operationId") for path in self.document["paths"].values()
               for method, operation in path.items() if method in METHODS]
        for each in ids:
            if not each or "_" in each or ids.count(each) > 1:
                self.differ("operations", "operationId is not one of its own, or has an underscore", None, each)

    def operation(self, where, shape, ours):
        for name in sorted((set(shape) | set(ours)) - WORDS - {"parameters", "requestBody", "responses"}):
            self.same(where, name, shape.get(name), ours.get(name))
        self.parameters(where, shape.get("parameters", []), ours.get("parameters", []))
        expected, actual = shape.get("requestBody"), ours.get("requestBody")
        if (expected is None) != (actual is None):
            self.differ(where, "request body", expected, actual)
        elif expected is not None:
            self.same(f"{where} body", "required", expected.get("required", False), actual.get("required", False))
            self.content(f"{where} body", expected, actual)
        for status, response in shape["responses"].items():
            if status not in ours["responses"]:
                self.differ(where, "no such status", status)
            else:
                self.content(f"{where} {status}", response, ours["responses"][status])

    def parameters(self, where, shape, ours):
        key = lambda parameter: (parameter["name"], parameter["in"])  # noqa: E731
        expected, actual = {key(each): each for each in shape}, {key(each): each for each in ours}
        self.same(where, "parameters", [list(each) for each in expected], [list(each) for each in actual if each in expected])
        for each, parameter in actual.items():
            if each not in expected and parameter.get("required"):
                self.differ(where, "a new parameter is required", None, parameter["name"])
        for each in expected.keys() & actual.keys():
            at = f"{where} {each[0]}"
            for name in sorted((set(expected[each]) | set(actual[each])) - WORDS - {"schema"}):
                self.same(at, name, expected[each].get(name), actual[each].get(name))
            self.schema(at, expected[each]["schema"], actual[each].get("schema", {}))

    def content(self, where, shape, ours):
        expected, actual = shape.get("content", {}), ours.get("content", {})
        self.same(where, "content types", sorted(expected), sorted(actual))
        for each in expected.keys() & actual.keys():
            self.schema(where, expected[each].get("schema"), actual[each].get("schema"))

    def components(self):
        expected = self.shape["components"]["schemas"]
        actual = self.document["components"]["schemas"]
        for operations in self.shape["paths"].values():
            for operation in operations.values():
                for content in operation.get("requestBody", {}).get("content", {}).values():
                    self.of_requests.add(content["schema"].get("$ref", "").split("/")[-1])
        for name, schema in expected.items():
            if name not in actual:
                self.differ(name, "no such schema")
            else:
                self.schema(name, schema, actual[name], is_request=name in self.of_requests)
        for name, scheme in self.shape["components"]["securitySchemes"].items():
            # Such a scheme has neither (OpenAPI 3.1, Security Scheme Object).
            wanted = {key: value for key, value in scheme.items() if key not in WORDS | {"in", "name"}}
            ours = self.document["components"].get("securitySchemes", {}).get(name, {})
            self.same(name, "security scheme", wanted, {key: value for key, value in ours.items() if key not in WORDS})

    def schema(self, where, shape, ours, is_request=False):
        if shape is None or ours is None:
            self.same(where, "schema", shape, ours)
            return
        for name in sorted((set(shape) | set(ours)) - WORDS):
            expected, actual = shape.get(name), ours.get(name)
            if name == "properties":
                self.properties(where, expected or {}, actual or {}, is_request)
            elif name in ("items", "additionalProperties") and isinstance(expected, dict) and isinstance(actual, dict):
                self.schema(f"{where} {name}", expected, actual)
            elif name == "oneOf" and len(listed(expected)) == len(listed(actual)) and expected and actual:
                for number, (left, right) in enumerate(zip(expected, actual)):
                    self.schema(f"{where} oneOf {number}", left, right)
            elif name in SETS or name == "type":
                order = lambda value: None if value is None else sorted(set(map(str, listed(value))))  # noqa: E731
                self.same(where, name, order(expected), order(actual))
            elif actual is None and (is_default_left_out(where, shape, name) or name == "maxLength" and expected == UNBOUNDED):
                continue
            elif name == "default" and is_null_text(shape):
                self.differ(where, "the text `null` is a default", None, actual)
            else:
                self.same(where, name, expected, actual)

    def properties(self, where, shape, ours, is_request):
        self.same(where, "properties and their order", list(shape), [name for name in ours if name in shape])
        more = [name for name in ours if name not in shape]
        if more and is_request:
            self.differ(where, "a request has more properties", None, more)
        for name in shape.keys() & ours.keys():
            self.schema(f"{where}.{name}", shape[name], ours[name])


def differences(shape, document):
    return Comparison(shape, document).run()


# Faults, each done to a copy of a document that has none; and additions that are none.


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def faults(shape):
    """What to plant: a name, and what it does to a document. All are within what the shape has."""
    for path in shape["paths"]:
        yield f"no path {path}", lambda d, path=path: d["paths"].pop(path)
    for path, method, operation in operations(shape):
        at = lambda d, path=path, method=method: d["paths"][path][method]  # noqa: E731
        name = f"{method} {path}"
        yield f"{name}: operationId", lambda d, at=at: at(d).update(operationId="somethingElse")
        yield f"{name}: tag", lambda d, at=at: at(d).update(tags=["other"])
        yield f"{name}: security", lambda d, at=at: at(d).update(security=[])
        for number, parameter in enumerate(operation.get("parameters", [])):
            yield f"{name}: parameter {number}", lambda d, at=at, n=number: at(d)["parameters"][n].update(name="other")
            yield f"{name}: required {number}", \
                lambda d, at=at, n=number: at(d)["parameters"][n].update(required=not at(d)["parameters"][n]["required"])
        yield f"{name}: a required parameter", lambda d, at=at: at(d).setdefault("parameters", []).append(
            {"name": "more", "in": "query", "required": True, "schema": {}})
        for status, response in operation["responses"].items():
            yield f"{name}: no {status}", lambda d, at=at, s=status: at(d)["responses"].pop(s)
            yield f"{name}: type of {status}", \
                lambda d, at=at, s=status: at(d)["responses"][s].update(content={"text/csv": {"schema": {}}})
        if "requestBody" in operation:
            yield f"{name}: no body", lambda d, at=at: at(d).pop("requestBody")
    for name, schema in shape["components"]["schemas"].items():
        at = lambda d, name=name: d["components"]["schemas"][name]  # noqa: E731
        yield f"no schema {name}", lambda d, name=name: d["components"]["schemas"].pop(name)
        yield f"{name}: required", lambda d, at=at: at(d).update(required=at(d).get("required", []) + ["more"])
        if schema.get("required"):
            yield f"{name}: one less required", lambda d, at=at: at(d).update(required=at(d)["required"][1:])
        properties = list(schema["properties"])
        if len(properties) > 1:
            yield f"{name}: order", lambda d, at=at: at(d).update(properties=dict(reversed(at(d)["properties"].items())))
        for each in properties:
            value = lambda d, at=at, each=each: at(d)["properties"][each]  # noqa: E731
            yield f"{name}.{each}: missing", lambda d, at=at, each=each: at(d)["properties"].pop(each)
            yield f"{name}.{each}: type", lambda d, value=value: value(d).update(type="boolean" if value(
                d).get("type") != "boolean" else "string")
            for keyword, other in [("format", "other"), ("enum", ["OTHER"]), ("pattern", "x"), ("minLength", 7),
                                   ("maxLength", 7), ("minimum", 7), ("default", "x")]:
                yield f"{name}.{each}: {keyword}", \
                    lambda d, value=value, keyword=keyword, other=other: value(d).update({keyword: other})
            if "enum" in schema["properties"][each]:
                yield f"{name}.{each}: a choice more", lambda d, value=value: value(d)["enum"].append("MORE")
                yield f"{name}.{each}: a choice less", lambda d, value=value: value(d)["enum"].pop()
    for keyword, other in [("openapi", "3.0.1"), ("servers", []), ("security", [])]:
        yield keyword, lambda d, keyword=keyword, other=other: d.update({keyword: other})
    yield "title", lambda d: d["info"].update(title="other")
    yield "scheme", lambda d: d["components"]["securitySchemes"]["bearer-jwt"].update({"in": "header"})
    yield "an id twice", lambda d: d["paths"].update({"/more": {"get": {
        "operationId": next(operations(shape))[2]["operationId"], "responses": {}}}})


def additions(shape):
    yield "a path", lambda d: d["paths"].update({"/more": {"get": {"operationId": "more", "responses": {}}}})
    yield "a schema", lambda d: d["components"]["schemas"].update(More={"type": "object"})
    for path, method, _ in operations(shape):
        at = lambda d, path=path, method=method: d["paths"][path][method]  # noqa: E731
        yield f"{method} {path}: a status", lambda d, at=at: at(d)["responses"].update({"418": {"description": "no"}})
        yield f"{method} {path}: words", lambda d, at=at: at(d).update(summary="other", description="other")
    yield "an optional property of an answer", \
        lambda d: d["components"]["schemas"]["ErrorResponse"]["properties"].update(more={"type": "string"})


def planted(shape, document):
    missed, counts = [], []
    for plant, is_fault in [(faults, True), (additions, False)]:
        number = 0
        for name, change in plant(shape):
            other = copy.deepcopy(document)
            change(other)
            number += 1
            if bool(differences(shape, other)) != is_fault:
                missed.append(f"{name} {'was not found' if is_fault else 'is no fault'}")
        counts.append(number)
    print(f"{counts[0]} faults and {counts[1]} additions planted")
    return missed


def main(command, shape, url, *version):
    shape = json.loads(pathlib.Path(__file__).with_name(shape).read_text())
    with urllib.request.urlopen(url + "/v3/api-docs", timeout=10) as answer:
        document = json.load(answer)
    found = planted(shape, document) if command == "planted" else differences(shape, document)
    if version and document["info"]["version"] != version[0]:
        found.append(f"version: {version[0]} became {document['info']['version']}")
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
