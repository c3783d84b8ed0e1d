"""Plays the restricted patients front end (restricted-patients.md 13, upstreams.md 6) against an API, with its headers,
over one connection that is kept open, and tries GET and DELETE again as its client does.

Arguments: the base URL with its path, a user's token, a system token that was issued with the user's name. Prints a JSON
list: of each call what it was, the status of the last try, how often it was tried, and the parsed body."""
import gzip
import http.client
import json
import sys
import urllib.parse

RETRIED = {408, 413, 429, 500, 502, 503, 504, 521, 522, 524}


class Client:
    def __init__(self, base):
        self.base = urllib.parse.urlsplit(base)
        self.connection = http.client.HTTPConnection(self.base.netloc, timeout=30)
        self.sockets = set()
        self.calls = []

    def call(self, method, path, token=None, body=None):
        tries = 0
        while True:
            tries += 1
            # The fields that superagent sends, in its order: no Accept and no User-Agent.
            self.connection.putrequest(method, self.base.path + path, skip_accept_encoding=True)
            if token:
                self.connection.putheader("Authorization", f"Bearer {token}")
            self.connection.putheader("Accept-Encoding", "gzip, deflate")
            text = None if body is None else json.dumps(body, separators=(",", ":")).encode()
            if text is not None:
                self.connection.putheader("Content-Type", "application/json")
                self.connection.putheader("Content-Length", str(len(text)))
            self.connection.putheader("Connection", "keep-alive")
            self.connection.endheaders(text)
            self.sockets.add(self.connection.sock.getsockname()[1])
            answer = self.connection.getresponse()
            content = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
            if answer.status not in RETRIED or method not in ("GET", "DELETE") or tries == 3:
                break
        kind = answer.headers.get_content_type() if content else ""
        parsed = json.loads(content) if kind.endswith("json") else {}
        self.calls.append([f"{method} {path}", answer.status, tries, parsed])


def main():
    base, user, system = sys.argv[1:]
    client = Client(base)
    patient = "/restricted-patient/prison-number/A12345"
    client.call("GET", "/health/ping")
    client.call("POST", "/discharge-to-hospital", user,
                {"offenderNo": "A12345", "fromLocationId": "MDI", "hospitalLocationCode": "HAZLWD"})
    client.call("GET", patient, user)
    client.call("POST", "/change-supporting-prison", user, {"offenderNo": "A12345", "supportingPrisonId": "HDI"})
    client.call("DELETE", patient, system)
    client.call("GET", patient, user)
    client.call("POST", "/migrate-in-restricted-patient", user,
                {"offenderNo": "A12345", "hospitalLocationCode": "HAZLWD"})
    client.call("POST", "/migrate-in-restricted-patient", user,
                {"offenderNo": "A12345", "hospitalLocationCode": "HAZLWD"})
    client.call("DELETE", patient, system)
    print(json.dumps({"calls": client.calls, "connections": len(client.sockets)}))


main()
