"""Makes the calls of a document, in order, and compares what comes back with what stands there.

calls.py FILE ENDPOINTS    the server that FILE describes is running; ENDPOINTS is its endpoints.env

The commands are those of the `sh` blocks below "The first calls"; each JSON line of a `json` block must be among the
answers. Times and ids may differ, and the ports, if those that FILE names were taken.
"""
import json
import re
import shlex
import subprocess
import sys


def blocks(text):
    section = text.split("## The first calls", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^```(\w+)\n(.*?)^```", section, re.S | re.M)


def shape(line):
    """A line without what differs from run to run."""
    line = re.sub(r'"\d{4}-\d\d-\d\dT[\d:.]+"', '"TIME"', line.strip())
    return re.sub(r'"id":\d+', '"id":0', line)


def addresses(text, endpoints):
    """The text with the addresses of this run."""
    with open(endpoints, encoding="utf-8") as lines:
        values = dict(line.split("=", 1) for line in shlex.split(lines.read(), comments=True))
    text = text.replace("http://127.0.0.1:8080", values["GATEWAY_URL"])
    return text.replace("http://127.0.0.1:9090/auth", values["API_BASE_URL_OAUTH"])


def main(path, endpoints):
    # One shell for all of them, because a block may use what an earlier one has set. A mark ends each command's output.
    script, expected, count = ["set -e"], [], 0
    with open(path, encoding="utf-8") as file:
        document = addresses(file.read(), endpoints)
    for kind, text in blocks(document):
        if kind == "sh":
            count += 1
            script += [text, "echo"]
        else:
            expected += text.strip().splitlines()
    done = subprocess.run(["bash", "-c", "\n".join(script)], capture_output=True, text=True, timeout=60)
    answers = [line for line in re.split(r"\n|(?<=\})(?=\{)|(?<=\])(?=[\[{])", done.stdout) if line.strip()]
    shapes = {shape(answer) for answer in answers}
    missing = [line for line in expected if shape(line) not in shapes]
    if done.returncode or missing:
        print(f"status {done.returncode}; {done.stderr}\nanswers:\n" + "\n".join(answers))
        print("in the document, and not among the answers:\n" + "\n".join(missing))
        return 1
    for answer in answers:
        json.loads(answer)
    print(f"{count} blocks of calls, {len(expected)} answers as printed")
    return 0


sys.exit(main(*sys.argv[1:]))
