#!/usr/bin/env python3
"""Compares how our HTTP/1.1 server and llhttp (Node's parser) read the same bytes.

Makes requests from a grammar of sound and almost sound parts, mutates the bytes, pipelines some, and sends each
sequence to Tests/Support/HTTPEcho. Whatever our server accepts, llhttp must accept too, with the same methods,
targets and bodies: the same reading or a stricter one. Deterministic for a seed.

    swift build --product HTTPEcho
    Tests/Fuzz/http_differential.py --count 100000

Exit status: 0 all agreed, 1 a disagreement (its bytes are printed), 2 the server died or hung.
"""
import argparse
import json
import multiprocessing
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import zlib

ORACLE = "llhttp==9.3.0.0"

try:
    import llhttp
except ImportError:
    venv = os.path.join(tempfile.gettempdir(), f"gateway-llhttp-{os.getuid()}")
    python = os.path.join(venv, "bin", "python")
    if os.environ.get("GATEWAY_LLHTTP_VENV") == venv:
        sys.exit(f"{ORACLE} cannot be imported from {venv}")
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", ORACLE], check=True)
    os.environ["GATEWAY_LLHTTP_VENV"] = venv
    os.execv(python, [python, *sys.argv])


# Generating

# Each part of a request: sound texts, then odd ones.
METHODS = ([b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"PATCH", b"OPTIONS"], [b"TRACE", b"get", b"G", b"", b"PRI"])
TARGETS = (
    [b"/", b"/a", b"/a?b=c", b"/%41", b"/a%20b", b"http://h/", b"http://h/a?b", b"http://h", b"http://h?x", b"https://h/",
     b"HTTP://H/", b"/" + b"a" * 300],
    [b"*", b"/a?", b"http://other/", b"//a", b"/a/../b", b"/;a", b"/#f", b"/a b", b"/\xc3\xa9", b"", b"a", b"/%", b"/%00",
     b"h:80", b"/\"<>", b"/a?b=%zz", b"/a?b#c", b"http://h:80/", b"ftp://h/", b"http://", b"http:///"])
VERSIONS = (
    [b"HTTP/1.1"] * 6 + [b"HTTP/1.0"],
    [b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/1.", b"HTTP/11", b"http/1.1", b"HTTP/1.10", b" HTTP/1.1", b"HTTP/1.1 ", b""])
HOSTS = (
    [b"Host: h\r\n"] * 4 + [b"Host:h\r\n", b"host:\th \r\n"],
    [b"", b"Host: h\r\nHost: h\r\n", b"Host : h\r\n", b"Host: \r\n", b"Host: h,h\r\n", b"Host: u@h\r\n",
     b"Host: [::1]:80\r\n", b"Host: h:80\r\n"])
# No Proxy-Connection: llhttp obeys that old field, an origin server has no business with it.
FIELDS = (
    [b"A: b\r\n", b"A:b\r\n", b"A:\r\n", b"A: \r\n", b"A:\tb\t\r\n", b"A_B: c\r\n", b"A.B~!#$%&'*+-^_`|: c\r\n",
     b"A: \xff\r\n", b"Connection: keep-alive\r\n", b"Keep-Alive: timeout=5\r\n", b"Expect: 100-continue\r\n",
     b"Content-Type: text/plain\r\n", b"Content_Length: 3\r\n", b"Transfer_Encoding: chunked\r\n",
     b"X-Forwarded-Proto: https\r\n", b"Content-Lengt: 3\r\n", b"Content-Lengthh: 3\r\n", b"Connection: closed\r\n"],
    [b"A: b\r\n c\r\n", b"A: b\r\n\tc\r\n", b"A : b\r\n", b"A\t: b\r\n", b": b\r\n", b"A\r\n", b"A: \x00\r\n", b"A: \x7f\r\n",
     b"A: \x0b\r\n", b"A: b\n", b"A: b\r", b"A: b\r\r\n", b"A(B: c\r\n", b"\xc3\xa9: b\r\n", b" A: b\r\n",
     b"Connection: close\r\n", b"Connection: close, keep-alive\r\n", b"Connection: x, close\r\n", b"Expect: x\r\n"])
LENGTHS = (
    [b"%d"] * 4 + [b" %d ", b"\t%d"],
    [b"+%d", b"-%d", b"0%d", b"%d,%d", b"%d, %d", b"0x%x", b"%d_0", b"%d.0", b"%d;", b"", b"-0", b"00", b"99999999999999999999",
     b"18446744073709551616", b"9223372036854775808", b"%d\x00", b"%d\x0b", b"\xd9\xa1", b"1e1", b"%d 1", b"%d\r\n 1"])
LENGTH_NAMES = ([b"Content-Length", b"content-length", b"CONTENT-LENGTH"], [b"Content-Length ", b"Content-Length\t"])
CODINGS = (
    [b"chunked"] * 4 + [b"Chunked", b"CHUNKED", b"chunked ", b"\tchunked"],
    [b"chunked,", b",chunked", b"chunked, chunked", b"gzip, chunked", b"gzip,chunked", b"chunked, gzip", b"identity",
     b"identity, chunked", b"xchunked", b"chunkedx", b"chunke", b"", b"chunked;a", b"\"chunked\"", b"chunked\x00", b"\x0bchunked",
     b"\x0cchunked", b"chunked\r\n a", b"\r\n chunked", b"gzip", b"chunked\xa0"])
CODING_NAMES = (
    [b"Transfer-Encoding", b"transfer-encoding", b"TRANSFER-ENCODING"],
    [b"Transfer-Encoding ", b"Transfer-Encoding\t", b"Transfer\x00-Encoding"])
SIZES = (
    [b"%x", b"%x", b"%X", b"0%x", b"000000000000000%x"],
    [b"0000000000000000%x", b"0x%x", b" %x", b"%x ", b"%x\t", b"+%x", b"-%x", b"%x_", b"", b"%xg", b"ffffffffffffffff",
     b"10000000000000000", b"8000000000000000", b"7fffffffffffffff"])
LAST_SIZES = ([b"0", b"0", b"00"], [b"0 ", b"", b"0x0", b"-0", b"\r\n0"])
EXTENSIONS = (
    [b""] * 6 + [b";a", b";a=b", b";a=\"b\"", b";a=\"b\\\"c\"", b";a=\"\"", b";a;b=c;d=\"e\"", b";a=\"\t\"", b";a=\"\xff\""],
    [b";", b";;", b";=b", b";a=", b"; a", b" ;a", b";a =b", b";a= b", b";a=b ", b";a=\"b", b";a=\"b\"c", b";a\x00", b";a\n",
     b";a\rb", b";\x7f", b";a=\"\x01\"", b";" + b"a" * 300, b";a=\"\\", b";a=\"b\\\r\"", b";a=\"b\\\xff\""])
ENDS = ([b"\r\n"], [b"\n", b"\r", b"", b"\r\r\n", b" \r\n", b"\n\r"])
TRAILERS = (
    [b"", b"", b"T: u\r\n", b"Host: x\r\n", b"T:\r\n"],
    [b"T : u\r\n", b"T\r\n", b" T: u\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"T: u\r\n v\r\n",
     b"T: \x00\r\n", b"T: u\n", b":\r\n"])
SPACES = ([b" "], [b"  ", b"\t", b"", b"\r", b"\x0b"])
STARTS = ([b""] * 8 + [b"\r\n"], [b"\n", b"\r\n\r\n", b" ", b"\r"])
SPECIAL = [bytes([byte]) for byte in b"\r\n\t\x00 :;,=\"\\/?#%*+-_0159afx\x7f\x80\xff\x0b\x0c"] + [
    b"\r\n", b"\n\n", b"\r\n\r\n", b"\r\n ", b"0\r\n\r\n", b"chunked", b"Content-Length: 1\r\n", b"HTTP/1.1", b"GET / HTTP/1.1\r\n"]


class Generator:
    """Makes one sequence of requests. `oddness` is the chance that a part is an odd one."""

    def __init__(self, random_source):
        self.random = random_source
        self.oddness = random_source.choice([0, 0.01, 0.03, 0.1])

    def pick(self, part):
        sound, odd = part
        return self.random.choice(odd if self.random.random() < self.oddness else sound)

    def is_odd(self):
        return self.random.random() < self.oddness

    def text(self):
        return bytes(self.random.choice(b"abcGET /\r\n0;:") for _ in range(self.random.randrange(0, 24)))

    def chunks(self):
        wire = b""
        for _ in range(self.random.randrange(0, 3)):
            data = self.text() or b"x"
            wire += filled(self.pick(SIZES), len(data)) + self.pick(EXTENSIONS) + self.pick(ENDS) + data + self.pick(ENDS)
        return wire + self.pick(LAST_SIZES) + self.pick(EXTENSIONS) + self.pick(ENDS) + self.pick(TRAILERS) + self.pick(ENDS)

    def message(self):
        wire = self.pick(STARTS) + self.pick(METHODS) + self.pick(SPACES) + self.pick(TARGETS) + self.pick(SPACES)
        wire += self.pick(VERSIONS) + self.pick(ENDS)
        fields = [self.pick(HOSTS)]
        fields += [self.pick(FIELDS) for _ in range(self.random.choice([0, 0, 0, 1, 1, 2]))]
        framing = self.random.choice(["none", "length", "chunked"])
        body = b""
        if framing == "length" or self.is_odd():
            body = self.text()
            length = max(len(body) + (self.random.choice([-1, 1]) if self.is_odd() else 0), 0)
            for _ in range(2 if self.is_odd() else 1):
                text = filled(self.pick(LENGTHS), length)
                fields.append(self.pick(LENGTH_NAMES) + b":" + self.random.choice([b" ", b"", b"\t"]) + text + b"\r\n")
        if framing == "chunked" or self.is_odd():
            body = self.chunks()
            for _ in range(2 if self.is_odd() else 1):
                fields.append(self.pick(CODING_NAMES) + b": " + self.pick(CODINGS) + b"\r\n")
        self.random.shuffle(fields)
        return wire + b"".join(fields) + self.pick(ENDS) + body


def filled(template, number):
    """The template with the number in all its places."""
    return re.sub(rb"%([dxX])", lambda match: format(number, match.group(1).decode()).encode(), template)


def mutated(random_source, wire):
    for _ in range(random_source.choice([0, 0, 0, 0, 0, 1, 1, 2, 4])):
        at = random_source.randrange(len(wire) + 1)
        kind = random_source.randrange(5)
        if kind == 0:
            wire = wire[:at] + random_source.choice(SPECIAL) + wire[at:]
        elif kind == 1:
            wire = wire[:at] + wire[at + random_source.choice([1, 1, 1, 2, 5]):]
        elif kind == 2:
            wire = wire[:at] + random_source.choice(SPECIAL) + wire[at + 1:]
        elif kind == 3:
            wire = wire[:at] + bytes([random_source.randrange(256)]) + wire[at + 1:]
        else:
            end = at + random_source.randrange(1, 12)
            wire = wire[:end] + wire[at:]
    return wire


def sequence(random_source):
    generator = Generator(random_source)
    wire = b"".join(generator.message() for _ in range(random_source.choice([1, 1, 1, 2, 3])))
    return mutated(random_source, wire)


# Reading with llhttp

class Oracle(llhttp.Request):
    """Collects the messages that llhttp completes."""

    def __init__(self):
        super().__init__()
        self.messages = []
        self.begin()

    def begin(self):
        self.url = b""
        self.length = 0
        self.checksum = 0

    def on_message_begin(self):
        self.begin()

    def on_url(self, data):
        self.url += bytes(data)

    def on_body(self, data):
        self.length += len(data)
        self.checksum = zlib.crc32(data, self.checksum)

    def on_message_complete(self):
        self.messages.append((self.method, normal_target(self.url), self.length, self.checksum))


def normal_target(url):
    """The path and query of a target, as our server shows them."""
    text = url.decode("latin-1")
    match = re.match(r"(?i)https?://[^/?]*(.*)", text)
    if match:
        text = match.group(1)
        if not text.startswith("/"):
            text = "/" + text
    return text[:-1] if text.endswith("?") and text.count("?") == 1 else text


def oracle_reading(wire):
    parser = Oracle()
    try:
        parser.execute(wire)
    except llhttp.Error:
        pass
    return parser.messages


# Reading with our server

STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
ECHO = re.compile(rb"\r\nX-Echo: ([^\r]*)\r\n")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")


def our_reading(port, wire):
    """Sends the bytes and gives the accepted messages and the status that ended the connection, if any."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(wire)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The server may close first, after an answer.
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
    accepted = []
    refusal = None
    while received:
        head_end = received.index(b"\r\n\r\n") + 4
        head = received[:head_end]
        status = int(STATUS.match(head).group(1))
        if status == 100:
            received = received[head_end:]
            continue
        echo = ECHO.search(head)
        length = int(LENGTH.search(head).group(1))
        is_head = False
        if echo:
            read = json.loads(echo.group(1).decode("latin-1"))
            is_head = read["method"] == "HEAD"
            accepted.append((read["method"], read["target"], read["length"], read["crc32"]))
        elif status == 200:
            accepted.append(("OPTIONS", "*", None, None))  # Answered by the server itself, which drops any body.
        else:
            refusal = status
        received = received[head_end:] if is_head else received[head_end + length:]
    return accepted, refusal


def agrees(ours, oracle):
    """Whether ours is the beginning of the oracle's."""
    if len(ours) > len(oracle):
        return False
    return all(
        mine[:2] == theirs[:2] and (mine[2] is None or mine[2:] == theirs[2:]) for mine, theirs in zip(ours, oracle))


# Running

def work(arguments):
    port, seed, count = arguments
    random_source = random.Random(seed)
    totals = {"sequences": 0, "accepted": 0, "stricter": 0, "same": 0, "refused": {}}
    for _ in range(count):
        wire = sequence(random_source)
        try:
            ours, refusal = our_reading(port, wire)
        except (OSError, ValueError, AttributeError) as error:
            return {"failed": repr(error), "bytes": wire, "status": 2}
        oracle = oracle_reading(wire)
        if not agrees(ours, oracle):
            return {"failed": f"ours {ours} then {refusal}, llhttp {oracle}", "bytes": wire, "status": 1}
        totals["sequences"] += 1
        totals["accepted"] += len(ours)
        totals["same" if len(ours) == len(oracle) else "stricter"] += 1
        if refusal:
            totals["refused"][refusal] = totals["refused"].get(refusal, 0) + 1
    return totals


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--count", type=int, default=20_000, help="sequences to send (default %(default)s)")
    parser.add_argument("--seed", type=int, default=9112, help="of the generator (default %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: cores)")
    parser.add_argument("--server", default=os.path.join(root, ".build", "debug", "HTTPEcho"), help="default %(default)s")
    parser.add_argument("--replay", help="a Python bytes literal to send instead, showing both readings")
    arguments = parser.parse_args()
    server = subprocess.Popen([arguments.server], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = int(server.stdout.readline())
    try:
        if arguments.replay:
            import ast
            wire = ast.literal_eval(arguments.replay)
            print("ours  ", our_reading(port, wire))
            print("llhttp", oracle_reading(wire))
            return 0
        return run(arguments, port, server)
    finally:
        server.stdin.close()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()


def run(arguments, port, server):
    batch = 2000
    jobs = [(port, arguments.seed * 1_000_003 + start, min(batch, arguments.count - start))
            for start in range(0, arguments.count, batch)]
    totals = {"sequences": 0, "accepted": 0, "stricter": 0, "same": 0, "refused": {}}
    started = time.monotonic()
    with multiprocessing.Pool(arguments.workers) as pool:
        for result in pool.imap_unordered(work, jobs):
            if "failed" in result:
                died = server.poll()
                print(f"server exit status {died}" if died is not None else result["failed"])
                print(result["bytes"])
                pool.terminate()
                return 2 if died is not None else result["status"]
            for key in ("sequences", "accepted", "stricter", "same"):
                totals[key] += result[key]
            for status, number in result["refused"].items():
                totals["refused"][status] = totals["refused"].get(status, 0) + number
    refused = ", ".join(f"{status}: {number}" for status, number in sorted(totals["refused"].items()))
    print(f"{totals['sequences']} sequences in {time.monotonic() - started:.0f} s, none read more laxly than llhttp "
          f"{llhttp.version}; {totals['accepted']} requests accepted, {totals['same']} sequences read alike, "
          f"{totals['stricter']} more strictly; refused {refused}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
