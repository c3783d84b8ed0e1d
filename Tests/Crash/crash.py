#!/usr/bin/env python3
"""Kill the gateway again and again while it writes, and check that nothing was lost and nothing was made up.

A gateway on its own database and on moto's SNS and SQS creates, amends, closes and deletes non-associations, and handles
merges, while it is killed with SIGKILL at random moments; for the second half of the kills two gateways share database
and queues, and either is killed. For a third of the time nothing can be published, and now and then the broker is cut
off altogether. In the end the database's own history says what was committed, a subscriber to the topic says
what was published, and both must agree:

* every committed change has its event, at least once, and every answer of success has its change;
* the events of each pair are in the order of its changes, repetitions of the one before apart;
* there is no event without its change;
* every merge was done, once.
"""
import argparse
import collections
import contextlib
import datetime
import http.client
import http.server
import json
import os
import pathlib
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks"))
import world as benchmarks  # noqa: E402
from world import World, free_port, prisoner_number, wait_until_answering  # noqa: E402

TOPIC = "arn:aws:sns:eu-west-2:000000000000:domain-events"
QUEUE, DEAD_LETTERS = "non-associations-event-queue", "non-associations-event-dlq"
AUDIT = "audit-queue"
EVENTS = {"CREATED": "created", "UPDATED": "amended", "MERGED": "amended", "REOPENED": "amended", "CLOSED": "closed",
          "DELETED": "deleted"}
PATIENCE = 180


def tell(text):
    print(text, file=sys.stderr, flush=True)


class Moto:
    """moto's server in a process of its own, and boto3 to look at it."""

    def __enter__(self):
        script = ROOT / "Tests" / "Support" / "AWSPeer" / "aws_peer.py"
        # Queues are purged more often than once a minute.
        environment = dict(os.environ, MOTO_SQS_ENFORCE_STRICT_QUEUE_PURGE_BEHAVIOUR="false")
        self.process = subprocess.Popen([sys.executable, script], env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        self.lock = threading.Lock()
        return self

    def __exit__(self, *error):
        # It ends with its input.
        self.process.stdin.close()
        self.process.wait()

    def call(self, service, operation, **arguments):
        with self.lock:
            self.process.stdin.write(json.dumps(
                {"service": service, "operation": operation, "arguments": arguments}) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(f"{operation}: {answer['error']}")
        return answer["answer"]

    def queue(self, name):
        return self.call("sqs", "get_queue_url", QueueName=name)["QueueUrl"]

    def is_empty(self, name):
        attributes = self.call("sqs", "get_queue_attributes", QueueUrl=self.queue(name), AttributeNames=["All"])
        counts = attributes["Attributes"]
        return (int(counts["ApproximateNumberOfMessages"]), int(counts["ApproximateNumberOfMessagesNotVisible"])) == (
            0, 0)

    def purge(self, name):
        self.call("sqs", "purge_queue", QueueUrl=self.queue(name))

    def wait_until_made(self, limit=60):
        """Waits until a gateway has made its queues, the audit queue last of all: it serves before that, and what is
        published on a topic without a subscription is told to nobody."""
        end = time.monotonic() + limit
        while True:
            try:
                subscriptions = self.call("sns", "list_subscriptions_by_topic", TopicArn=TOPIC)["Subscriptions"]
                self.queue(AUDIT)
                if any(QUEUE in subscription["Endpoint"] for subscription in subscriptions):
                    return
            except RuntimeError:
                pass
            if time.monotonic() > end:
                sys.exit(f"the gateway has not made its queues after {limit} s")
            time.sleep(0.05)


class Subscriber(http.server.BaseHTTPRequestHandler):
    """Keeps what is published, in its order. It is no queue: moto takes the longer for each call of one, the more waits
    there."""

    def do_POST(self):
        self.server.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *what):
        pass

    @classmethod
    def subscribe(cls, moto):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), cls)
        server.received = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # The gateway does not wait for its emulator, and may not have made it yet.
        moto.call("sns", "create_topic", Name=TOPIC.rpartition(":")[2])
        moto.call("sns", "subscribe", TopicArn=TOPIC, Protocol="http",
                  Endpoint=f"http://127.0.0.1:{server.server_port}")
        return server.received


class Proxy(threading.Thread):
    """Passes bytes on to moto, and cuts connections off when told to."""

    def __init__(self, target):
        super().__init__(daemon=True)
        host, port = target.removeprefix("http://").split(":")
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        # "open", "mute" when nothing can be published, "cut" when nobody gets through.
        self.state = "open"
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError), socket.create_connection(self.target) as server:
            while True:
                for end in select.select([client, server], [], [], 0.2)[0]:
                    data = end.recv(65536)
                    is_publishing = b"Action=Publish" in data or b"AmazonSQS.SendMessage" in data
                    if not data or self.state == "mute" and is_publishing:
                        return
                    # moto goes on polling for a client that was killed: long polls of many would keep it busy.
                    data = data.replace(b'"WaitTimeSeconds":10', b'"WaitTimeSeconds": 1')
                    (server if end is client else client).sendall(data)
                if self.state == "cut":
                    return


class Life:
    """A gateway process, from its start until it is killed."""

    def __init__(self, world, proxy, binary):
        self.port = free_port()
        environment = dict(os.environ, **world.settings)
        environment.update(
            SERVER_PORT=str(self.port), SERVER_HOST="127.0.0.1", LOG_LEVEL="critical", HMPPS_SQS_PROVIDER="localstack",
            HMPPS_SQS_LOCALSTACK_URL=proxy.url, HMPPS_SQS_TOPICS_DOMAINEVENTS_ARN=TOPIC,
            HMPPS_SQS_QUEUES_NONASSOCIATIONS_QUEUE_NAME=QUEUE, HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQ_NAME=DEAD_LETTERS,
            HMPPS_SQS_QUEUES_AUDIT_QUEUE_NAME=AUDIT, NON_ASSOCIATIONS_MERGE_EVENTS="true")
        self.process = subprocess.Popen([binary, "serve"], env=environment, stdout=subprocess.DEVNULL)
        wait_until_answering(f"http://127.0.0.1:{self.port}/health/ping", self.process, 60)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Writer(threading.Thread):
    """Changes its own pairs, one after the other, through whichever gateway answers."""

    def __init__(self, chaos, letter, pace):
        super().__init__(daemon=True)
        self.chaos, self.letter, self.pace = chaos, letter, pace
        self.random = random.Random(letter)
        # The id of each pair's open record, None for no such record; a pair that is missing may have one.
        self.open = {}
        self.acknowledged = []
        self.connection = None
        self.failures = 0

    def request(self, method, path, body):
        """The status and body of the answer; status 0 if there is none."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.chaos.port(), timeout=20)
            self.connection.request(method, path, json.dumps(body), {
                "Content-Type": "application/json", "Authorization": f"Bearer {self.chaos.token}"})
            answer = self.connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data else None
        except (OSError, http.client.HTTPException):
            self.connection = None
            self.failures += 1
            return 0, None

    def run(self):
        number = 0
        while not self.chaos.is_over:
            time.sleep(self.random.random() * 2 * self.pace)
            if self.chaos.is_full:
                continue
            number += 1
            pair = (prisoner_number(self.letter, number % 40), prisoner_number(self.letter, 5000 + number % 40))
            self.change(pair)

    def change(self, pair):
        if pair not in self.open:
            status, found = self.request("POST", "/non-associations/between", list(pair))
            if status == 200:
                self.open[pair] = found[0]["id"] if found else None
            return
        record = self.open.pop(pair)
        if record is None:
            status, answer = self.create(pair)
            if status == 201:
                self.acknowledge(answer["id"], "created")
                self.open[pair] = answer["id"]
            return
        kind = self.random.choice(["amended", "closed", "deleted"])
        method, path, body = {
            "amended": ("PATCH", "", {"comment": "Still kept apart"}),
            "closed": ("PUT", "/close", {"closedReason": "They get on"}),
            "deleted": ("POST", "/delete",
                        {"deletionReason": "A mistake", "staffUserNameRequestingDeletion": "SOMEBODY"}),
        }[kind]
        status, _ = self.request(method, f"/non-associations/{record}{path}", body)
        if status in (200, 204):
            self.acknowledge(record, kind)
            self.open[pair] = record if kind == "amended" else None
        elif status in (400, 401, 403, 404, 415):
            self.chaos.fail(f"{method} {path} was answered {status}")

    def create(self, pair):
        return self.request("POST", "/non-associations", {
            "firstPrisonerNumber": pair[0], "firstPrisonerRole": "VICTIM", "secondPrisonerNumber": pair[1],
            "secondPrisonerRole": "PERPETRATOR", "reason": "BULLYING", "restrictionType": "CELL", "comment": "Apart"})

    def acknowledge(self, record, kind):
        self.acknowledged.append((record, kind))


class Merger(Writer):
    """Creates a record and has one of its prisoners merged; a record is merged once."""

    def __init__(self, chaos, letter, pace):
        super().__init__(chaos, letter, pace)
        self.merged = {}

    def run(self):
        number = 0
        while not self.chaos.is_over:
            time.sleep(self.pace)
            if self.chaos.is_full:
                continue
            number += 1
            old, new = prisoner_number(self.letter, number % 10000), prisoner_number(self.letter, 10000 + number)
            status, answer = self.create((old, prisoner_number(self.letter, 20000 + number)))
            if status != 201:
                continue
            self.acknowledge(answer["id"], "created")
            message = json.dumps({
                "eventType": "prison-offender-events.prisoner.merged", "version": "1.0", "description": "merged",
                "occurredAt": "2026-01-15T10:20:30Z",
                "additionalInformation": {"nomsNumber": new, "removedNomsNumber": old, "reason": "MERGE"}})
            self.chaos.moto.call(
                "sns", "publish", TopicArn=TOPIC, Message=message,
                MessageAttributes={"eventType": {
                    "DataType": "String", "StringValue": "prison-offender-events.prisoner.merged"}})
            self.merged[answer["id"]] = new


class Chaos:
    """The run: gateways that live and die, writers, and the account at the end."""

    def __init__(self, world, moto, options):
        self.world, self.moto, self.options = world, moto, options
        self.proxy = Proxy(moto.url)
        self.lives = []
        self.is_over = False
        # When as much waits to be published as an emulator can do in a while.
        self.is_full = False
        self.problems = []
        self.token = self.new_token()

    def fail(self, text):
        self.problems.append(text)

    def new_token(self):
        """One that may delete."""
        self.last_token = time.monotonic()
        return self.world.token("ops-client")

    def port(self):
        """Of some gateway; one that nobody listens on while there is none."""
        lives = list(self.lives)
        return random.choice(lives).port if lives else 9

    def begin_life(self):
        self.proxy.state = "mute" if self.proxy.state == "mute" else "open"
        # Whoever runs a gateway starts it again if it could not reach the emulator in time.
        for remaining in reversed(range(5)):
            try:
                self.lives.append(Life(self.world, self.proxy, self.options.binary))
                return
            except SystemExit:
                if not remaining:
                    raise

    def run(self):
        self.begin_life()
        self.moto.wait_until_made()
        received = Subscriber.subscribe(self.moto)
        writers = [Writer(self, letter, self.options.pace) for letter in "FGHIJK"] + [Merger(self, "M", self.options.pace)]
        for writer in writers:
            writer.start()
        kills = self.options.kills
        started = time.monotonic()
        done = 0
        for number in range(kills):
            if self.options.limit and time.monotonic() > started + self.options.limit and number > kills // 2:
                tell(f"no more kills after {number}: this machine is slow")
                break
            done += 1
            self.is_full = self.depth() > 200
            if number == kills // 2:
                self.begin_life()
            if time.monotonic() > self.last_token + 600:
                self.token = self.new_token()
            # The second third of the kills of either half goes by without a word from the gateway.
            half = max(1, kills // 2)
            self.proxy.state = "mute" if 1 / 3 <= number % half / half < 2 / 3 else "open"
            time.sleep(random.uniform(0.1, self.options.life))
            if random.random() < 0.2:
                self.proxy.state = "cut"
                time.sleep(random.uniform(0.1, 0.5))
            # Nobody reads it here.
            self.moto.purge(AUDIT)
            victim = random.choice(self.lives)
            self.lives.remove(victim)
            victim.kill()
            if self.proxy.state == "cut":
                self.proxy.state = "open"
            self.begin_life()
            if (number + 1) % 50 == 0:
                tell(f"{number + 1} kills in {time.monotonic() - started:.0f} s")
        # The last word is another's: one of two is killed for good, and the one that is left does what it left.
        if len(self.lives) > 1:
            self.lives.pop(0).kill()
        self.proxy.state = "open"
        time.sleep(1)
        self.is_over = True
        for writer in writers:
            writer.join()
        seconds = self.settle()
        self.stop()
        self.options.kills = done
        self.account(writers, received, seconds)

    def depth(self):
        return int(self.world.sql("select count(*) from gateway_outbox where published_at is null"))

    def settle(self):
        """Waits until there is nothing left to publish or to handle; returns how long that took."""
        started = time.monotonic()
        while True:
            left = self.depth()
            if left == 0 and self.moto.is_empty(QUEUE) and self.moto.is_empty(DEAD_LETTERS):
                return time.monotonic() - started
            if time.monotonic() > started + PATIENCE:
                self.fail(f"after {PATIENCE} s {left} messages are not published, or merges not handled")
                return PATIENCE
            # A message whose handlers were killed as often as it may fail is among the dead letters, rightly.
            connection = http.client.HTTPConnection("127.0.0.1", self.lives[0].port, timeout=20)
            connection.request("PUT", "/queue-admin/retry-all-dlqs")
            connection.getresponse().read()
            time.sleep(1)

    def stop(self):
        for life in self.lives:
            life.process.send_signal(signal.SIGTERM)
        for life in self.lives:
            try:
                status = life.process.wait(60)
            except subprocess.TimeoutExpired:
                life.kill()
                status = "none within 60 s"
            if status != 0:
                self.fail(f"a gateway that was asked to stop ended with status {status}")

    # The account

    def history(self):
        """What was committed: by pair, in order, as (id, event type, time), and how often each record was merged."""
        changes, merges = collections.defaultdict(list), collections.Counter()
        for line in self.world.sql(
                "select non_association_id, change, extract(epoch from changed_at) * 1000000, first_prisoner_number,"
                " second_prisoner_number from non_association_history order by id").splitlines():
            record, change, microseconds, first, second = line.split("|")
            pair = "/".join(sorted((first, second)))
            changes[pair].append((int(record), EVENTS[change], round(float(microseconds))))
            if change == "MERGED":
                merges[int(record)] += 1
        return changes, merges

    def events(self, received):
        """What was published: by pair, in the order in which it came."""
        events = collections.defaultdict(list)
        epoch = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
        for body in received:
            envelope = json.loads(body)
            event = json.loads(envelope["Message"])
            if not event["eventType"].startswith("non-associations."):
                continue
            about = event["additionalInformation"]
            pair = "/".join(sorted((about["nsPrisonerNumber1"], about["nsPrisonerNumber2"])))
            time_since = datetime.datetime.fromisoformat(event["occurredAt"]) - epoch
            events[pair].append((about["id"], event["eventType"].split(".")[1],
                                 time_since // datetime.timedelta(microseconds=1)))
        return events

    def account(self, writers, received, seconds):
        (changes, merges), events = self.history(), self.events(received)
        committed = collections.Counter(change for pair in changes.values() for change in pair)
        published = collections.Counter(event for pair in events.values() for event in pair)
        for change in committed:
            if change not in published:
                self.fail(f"no event of {change}")
            if committed[change] > 1:
                self.fail(f"{committed[change]} changes look alike: {change}")
        for event in published:
            if event not in committed:
                self.fail(f"no change for the event {event}")
        for pair, happened in changes.items():
            told = [event for number, event in enumerate(events[pair])
                    if number == 0 or event != events[pair][number - 1]]
            if told != happened:
                self.fail(f"the order of {pair} is {told} and not {happened}")
        of_record = collections.Counter((record, kind) for record, kind, _ in committed)
        acknowledged = collections.Counter(change for writer in writers for change in writer.acknowledged)
        for change, count in acknowledged.items():
            if of_record[change] < count:
                self.fail(f"{change} was acknowledged {count} times and is committed {of_record[change]} times")
        asked = {record for writer in writers if isinstance(writer, Merger) for record in writer.merged}
        for record in asked:
            if merges[record] != 1:
                self.fail(f"record {record} was merged {merges[record]} times")
        if not committed or not asked:
            self.fail("nothing happened")
        repeated = sum(published.values()) - len(published)
        lost = sum(writer.failures for writer in writers)
        print(f"{self.options.kills} kills: {len(committed)} changes committed ({sum(acknowledged.values())} of them"
              f" acknowledged, {lost} requests without an answer), {len(published)} events published, {repeated} more than"
              f" once; {len(asked)} merges; all done {seconds:.0f} s after the end")
        for problem in self.problems[:20]:
            print(f"wrong: {problem}")
        if self.problems:
            print(f"{len(self.problems)} things are wrong")


def run(options):
    benchmarks.BINARY = pathlib.Path(options.binary)
    random.seed(options.seed)
    with World(1000) as world, Moto() as moto:
        chaos = Chaos(world, moto, options)
        try:
            chaos.run()
        finally:
            chaos.is_over = True
            for life in chaos.lives:
                life.kill()
        return not chaos.problems


def add_arguments(parser):
    parser.add_argument("--kills", type=int, default=50, help="how often to kill (default %(default)s)")
    parser.add_argument("--life", type=float, default=1.2, help="seconds of the longest life (default 1.2)")
    parser.add_argument("--pace", type=float, default=0.3, help="seconds between a writer's requests (default 0.3)")
    parser.add_argument("--limit", type=float, default=None, metavar="SECONDS",
                        help="stop killing then, if at least half of the kills are done (default: no limit)")
    parser.add_argument("--seed", type=int, default=None, help="of what is random here; the races are not")
    parser.add_argument("--binary", default=str(benchmarks.BINARY), help="the gateway (default: the release build)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    sys.exit(0 if run(parser.parse_args()) else 1)


if __name__ == "__main__":
    main()
