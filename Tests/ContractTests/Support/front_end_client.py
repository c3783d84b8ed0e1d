"""The HTTP client of the front ends, as docs/contract/upstreams.md §6 describes it: their fields, one connection that is kept open, and
GET and DELETE tried again."""
import gzip
import http.client
import json
import urllib.parse

RETRIED = {408, 413, 429, 500, 502, 503, 504, 521, 522, 524}


class Client:
    """Of one service."""

    def __init__(self, base):
        self.base = urllib.parse.urlsplit(base)
        self.connection = http.client.HTTPConnection(self.base.netloc, timeout=30)
        self.sockets = set()
        self.calls = []

    def call(self, method, path, token=None, body=None, headers=None):
        """The status and the parsed body of the last try; it is among `calls` with how often it was tried."""
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
            for name, value in (headers or {}).items():
                self.connection.putheader(name, value)
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
        return answer.status, parsed if kind.endswith("json") else content
