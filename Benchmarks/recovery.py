"""Measure the gateway before and after each of the five faults of PostgreSQL queues and three more, and print one table.
Its first row is of no fault at all: what differs there is the measure's own.

In each round every fault has a gateway of its own, with topic and queues in PostgreSQL. It is measured (creates a
second; their events a second, from the first commit to the last publication; merges a second that it takes from its
queue; reads by id a second), then put under all of that at once, and meanwhile the fault happens; then it is measured
again. A gateway that is killed is started again, as whatever runs it would do. The table shows medians, and how long
after the end of the fault it took until creates, events, merges and reads had each had a second at 90 % of their pace
before the fault, under the same load; other work on this machine can draw that out. Nobody helps.

The sixth fault is of the messages: 1,000 that cannot be read, are of an unknown type or fail each time. With the
seventh a standby becomes the primary, and the former one lives on, read-only: it is over when the new one takes writes.
With the eighth a second gateway beside the first is stopped (SIGSTOP) for 25 seconds, longer than it may keep what it
has claimed and locked: it is over when that one goes on. The status is 1 if after some fault a median pace is below
0.98 of what it was, or the median time until all were back is above 5 seconds.
"""
import collections
import contextlib
import http.client
import math
import multiprocessing
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

import world as benchmarks
from loads import wrk, wrk_command
from switchover import SwitchableWorld
from world import Gateway, World, prisoner_number_sql

QUEUE, DEAD_LETTERS = "pace", "pace-dlq"
SETTINGS = {"HMPPS_SQS_QUEUES_NONASSOCIATIONS_QUEUE_NAME": QUEUE,
            "HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQ_NAME": DEAD_LETTERS}
CONNECTIONS = 16
MERGED = "prison-offender-events.prisoner.merged"
# Merges that wait while the gateway is under load, so that it is never without.
BACKLOG = 500
POISON = 1000
# How long everything may take to come to rest: what a killed gateway had in flight comes again after half a minute.
PATIENCE = 120
# What is told of a fault's effect is counted by quarters of a second.
TICKS = 4

# Reads a second while all else goes on: enough to count by ticks, and few enough to leave the rest its time.
READS = 100
# How long a replica is frozen: longer than its claims, its locks and the server's patience with it last.
FREEZE = 25
# What a fault may leave of a pace, and how long it may take.
LEAST, LONGEST = 0.98, 5

Pace = collections.namedtuple("Pace", "creates events merges reads")


def envelope_sql(event_type, message):
    """The body of a message as SNS would deliver it, in SQL; `message` is SQL too."""
    return (f"jsonb_build_object('Message', ({message})::text, 'MessageAttributes', jsonb_build_object('eventType',"
            f" jsonb_build_object('Type', 'String', 'Value', '{event_type}')))::text")


def merge_sql(old, new):
    """The message of a merge, of SQL for both numbers."""
    return envelope_sql(MERGED, f"jsonb_build_object('eventType', '{MERGED}', 'version', '1.0', 'description', 'merged',"
                        f" 'occurredAt', '2026-01-15T10:20:30Z', 'additionalInformation',"
                        f" jsonb_build_object('nomsNumber', {new}, 'removedNomsNumber', {old}))")


class Stage:
    """A gateway and what comes at it."""

    # Across stages, as they share a database: no prisoner is merged twice.
    merged, lock = 0, threading.Lock()

    def __init__(self, world, seconds):
        self.world, self.seconds = world, seconds
        self.token = world.token()
        self.gateway = Gateway(world, settings=SETTINGS)
        self.other = None
        self.load = None

    def close(self):
        if self.load:
            self.load.stop()
        self.gateway.__exit__()
        if self.other:
            self.other.process.send_signal(signal.SIGCONT)
            self.other.__exit__()

    def add_replica(self):
        """Another gateway on the same database; requests go to the first alone."""
        self.other = Gateway(self.world, settings=SETTINGS)

    def kill(self):
        """Kills the gateway, and starts it again."""
        self.gateway.process.kill()
        self.gateway.process.wait()
        self.gateway = Gateway(self.world, settings=SETTINGS)
        if self.load:
            self.load.aim(self.gateway.url)

    def number(self, sql):
        return float(self.world.sql(sql).strip() or 0)

    def messages_on(self, queue, condition="true"):
        return int(self.number(f"select count(*) from gateway_queue_message where queue = '{queue}' and {condition}"))

    def wait_for(self, what, is_so):
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                raise SystemExit(f"not within {PATIENCE} s: {what}")
            time.sleep(0.05)

    def rest(self):
        """Until everything is published and handled."""
        self.world.wait_until_published(PATIENCE)
        self.wait_for("every message is handled", lambda: self.messages_on(QUEUE) == 0)

    # What comes

    def records(self, count):
        """Adds non-associations of prisoners P(n) and R(n); returns the range of n, in SQL."""
        with Stage.lock:
            first = Stage.merged
            Stage.merged += count
        last = first + count - 1
        self.world.insert(prisoner_number_sql("P", "n"), prisoner_number_sql("R", "n"), first, last)
        return f"generate_series({first}, {last}) n"

    def send(self, numbers, body, attributes="{}"):
        """Puts a message for each number on the queue, and tells the gateway."""
        self.world.sql(
            f"insert into gateway_queue_message (queue, body, attributes) select '{QUEUE}', {body}, '{attributes}'"
            f" from {numbers}",
            f"select pg_notify('gateway_queue', '{QUEUE}')")

    def send_merges(self, count):
        self.send(self.records(count), merge_sql(prisoner_number_sql("P", "n"), prisoner_number_sql("Q", "n")))

    def send_poison(self):
        """A third each that cannot be read, nobody knows, and PostgreSQL refuses; two thirds are dead letters in the end."""
        refused = merge_sql(prisoner_number_sql("P", "n"), "'A number that is too long'")
        unknown = envelope_sql("prison-offender-events.prisoner.unknown", "'{}'")
        self.send(self.records(POISON), f"case n % 3 when 0 then '{{\"Message\": \"cut off' when 1 then {unknown}"
                  f" else {refused} end", '{"kind": {"Type": "String", "Value": "poison"}}')

    # How fast it is

    def measure(self):
        last = int(self.number("select max(id) from gateway_outbox"))
        creates, _, _ = wrk(self.gateway.url, "create.lua", self.seconds, CONNECTIONS, self.token)
        self.world.wait_until_published(PATIENCE)
        events = self.number("select count(*) / extract(epoch from max(published_at) - min(created_at))"
                             f" from gateway_outbox where kind = 'event' and id > {last}")
        last = int(self.number("select max(id) from non_association_history"))
        self.send_merges(1000 * self.seconds)
        self.wait_for("every merge is done", lambda: self.messages_on(QUEUE) == 0)
        merges = self.number("select count(*) / extract(epoch from max(changed_at) - min(changed_at))"
                             f" from non_association_history where change = 'MERGED' and id > {last}")
        reads, _, _ = wrk(self.gateway.url, "read_by_id.lua", self.seconds, CONNECTIONS, str(self.world.rows), self.token)
        return Pace(creates, events, merges, reads)

    def counts(self, since):
        """What was done by quarters of a second from then on: for each of a pace's members, a dictionary."""
        columns = [("non_association_history", "changed_at", "change = 'CREATED'"),
                   ("gateway_outbox", "published_at", "kind = 'event' and event_type = 'non-associations.created'"),
                   ("non_association_history", "changed_at", "change = 'MERGED'")]
        counts = []
        for table, column, condition in columns:
            lines = self.world.sql(
                f"select floor((extract(epoch from {column}) - {since}) * {TICKS})::int, count(*) from {table}"
                f" where {condition} and extract(epoch from {column}) >= {since} group by 1").splitlines()
            counts.append(collections.Counter({int(tick): int(count) for tick, count in
                                               (line.split("|") for line in lines)}))
        return Pace(*counts, self.load.reads(since) if self.load else collections.Counter())

    def play(self, fault):
        """Has a fault happen under load; returns for each of a pace's members the seconds from its end until that was as
        before, infinity if it was not by the end of the load."""
        started = time.time()
        self.load = Load(self)
        self.wait_for("the load is at work", lambda: all(any(each.values()) for each in self.counts(started)))
        calm = time.time()
        time.sleep(self.seconds)
        ticks_before = range(int((calm - started) * TICKS) + 1, int((time.time() - started) * TICKS))
        fault(self)
        ended = time.time()
        time.sleep(3 * self.seconds)
        stopped = time.time()
        self.load.stop()
        self.rest()
        ticks_after = range(int((ended - started) * TICKS) + 1, int((stopped - started) * TICKS) - TICKS)

        def back(counts):
            before = statistics.mean(counts[tick] for tick in ticks_before)
            return next((tick / TICKS - (ended - started) for tick in ticks_after
                         if statistics.mean(counts[tick + ahead] for ahead in range(TICKS)) >= 0.9 * before), math.inf)
        counts = self.counts(started)
        self.load = None
        return Pace(*map(back, counts))


def read_all_the_time(address, rows, token, times, over):
    """Reads one record after the other at a pace, and tells when each was answered."""
    connection = None
    headers = {"Authorization": "Bearer " + token}
    due, told = time.monotonic(), []
    while not over.is_set():
        due += 1 / READS
        time.sleep(max(0, due - time.monotonic()))
        # What could not be asked in time is not asked later: a pace after a pause is not above that before it.
        due = max(due, time.monotonic() - 1 / READS)
        try:
            url = address.value.decode()
            if connection is None or connection.url != url:
                connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=2)
                connection.url = url
            connection.request("GET", f"/non-associations/{random.randint(1, rows)}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                told.append(time.time())
        except (OSError, http.client.HTTPException):
            connection = None
        if len(told) >= READS // TICKS or over.is_set():
            times.put(told)
            told = []


class Load:
    """Creates as fast as they are answered, always some hundred merges on the queue, and some reads, until it is stopped."""

    def __init__(self, stage):
        self.stage = stage
        self.is_over = False
        self.process = None
        self.address = multiprocessing.Array("c", 100)
        self.address.value = stage.gateway.url.encode()
        self.times, self.read, self.is_read_over = multiprocessing.Queue(), [], multiprocessing.Event()
        self.reader = multiprocessing.Process(target=read_all_the_time, daemon=True,
                                              args=(self.address, stage.world.rows, stage.token, self.times, self.is_read_over))
        self.reader.start()
        self.aim(stage.gateway.url)
        self.feeder = threading.Thread(target=self.feed, daemon=True)
        self.feeder.start()

    def aim(self, url):
        """At another gateway than before, as its clients connect again."""
        self.address.value = url.encode()
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = subprocess.Popen(wrk_command(url, "create.lua", 3600, CONNECTIONS, self.stage.token),
                                        stdout=subprocess.DEVNULL)

    def feed(self):
        while not self.is_over:
            # A fault may end psql's session.
            with contextlib.suppress(subprocess.CalledProcessError):
                if self.stage.world.is_there():
                    missing = BACKLOG - self.stage.messages_on(QUEUE, "attributes = '{}'")
                    if missing > 0:
                        self.stage.send_merges(missing)
            time.sleep(0.1)

    def reads(self, since):
        """Reads that were answered, by quarters of a second from then on."""
        while not self.times.empty():
            self.read += self.times.get()
        return collections.Counter(int((moment - since) * TICKS) for moment in self.read if moment >= since)

    def stop(self):
        if self.is_over:
            return
        self.is_over = True
        self.is_read_over.set()
        # It ends once all that it tells has been taken.
        while self.reader.is_alive():
            self.reads(0)
            time.sleep(0.05)
        self.process.kill()
        self.process.wait()
        self.feeder.join()


def nothing(stage):
    """No fault, for as long as the shortest takes."""
    time.sleep(1)


# The faults. Each returns when it is over: what comes after is the gateway's affair.

def restart_database(stage):
    """An immediate shutdown, as a crash is one; the gateway that lends it starts it again."""
    folder = pathlib.Path(stage.world.sql("show data_directory").strip())
    os.kill(int((folder / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
    # While its sessions end it does not answer any more.
    time.sleep(0.1)
    stage.wait_for("the database is there again", stage.world.is_there)


def kill_backends(stage):
    for _ in range(10):
        # Quietly, if one has just ended by itself.
        stage.world.sql("set client_min_messages = error", "select pg_terminate_backend(pid)"
                        " from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        time.sleep(0.2)


def exhaust_pool(stage):
    """Whatever has a connection waits for a lock until no request gets one."""
    stage.world.sql("begin; lock table gateway_outbox, gateway_queue_message; select pg_sleep(5); commit")


def crash_worker(stage):
    stage.kill()


def kill_repeatedly(stage):
    for _ in range(10):
        time.sleep(random.uniform(0.1, 1))
        stage.kill()


def poison(stage):
    dead = stage.messages_on(DEAD_LETTERS)
    stage.send_poison()
    # Of three numbers in a row two are poison for good.
    stage.wait_for("the poison is set aside", lambda: stage.messages_on(DEAD_LETTERS) >= dead + POISON * 2 // 3)


def switch_over(stage):
    stage.world.switch_over()


def freeze_replica(stage):
    """In the middle of whatever the other gateway does."""
    stage.other.process.send_signal(signal.SIGSTOP)
    time.sleep(FREEZE)
    stage.other.process.send_signal(signal.SIGCONT)


FAULTS = {"none": nothing, "database restart": restart_database, "backends killed": kill_backends, "pool exhausted": exhaust_pool,
          "worker crashed": crash_worker, "repeated kills": kill_repeatedly, "1,000 poison messages": poison,
          "database switched over": switch_over, "replica frozen": freeze_replica}


def seconds_text(seconds):
    return f"{seconds:.1f} s" if math.isfinite(seconds) else "not by the end"


def one_round(world, fault, seconds):
    with SwitchableWorld(world) if fault is switch_over else contextlib.nullcontext(world) as world:
        stage = Stage(world, seconds)
        try:
            if fault is freeze_replica:
                stage.add_replica()
            before = stage.measure()
            back = stage.play(fault)
            return before, stage.measure(), back
        finally:
            stage.close()


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=3, help="how often each fault happens (default 3)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of each load (default 4)")
    parser.add_argument("--only", metavar="WORD", help="only the faults whose name has this word")
    parser.add_argument("--binary", default=str(benchmarks.BINARY), help="the gateway (default: the release build)")


def run(options):
    benchmarks.BINARY = pathlib.Path(options.binary)
    taken = {name: [] for name in FAULTS if not options.only or options.only in name}
    with World(10_000) as world:
        for number in range(options.rounds):
            for name in taken:
                taken[name].append(one_round(world, FAULTS[name], options.seconds))
                print(f"round {number + 1} of {options.rounds}, {name}: {taken[name][-1]}", file=sys.stderr, flush=True)
    print("| fault | creates/s before → after | events/s | merges/s | reads/s | back at 90 % after |\n"
          "| --- | --- | --- | --- | --- | --- |")
    is_well = True
    for name, rounds in taken.items():
        befores, afters, backs = zip(*rounds)
        cells, recovers = [], True
        for before, after in zip(zip(*befores), zip(*afters)):
            before, after = statistics.median(before), statistics.median(after)
            recovers = recovers and after >= LEAST * before
            cells.append(f"{before:,.0f} → {after:,.0f} ({after / before:.2f})")
        backs = [max(back) for back in backs]
        median = statistics.median(backs)
        recovers = recovers and median <= LONGEST
        is_well = is_well and (recovers or FAULTS[name] is nothing)
        cells.append(f"{seconds_text(median)}, at the most {seconds_text(max(backs))}")
        print(f"| {name} | {' | '.join(cells)} |")
    return is_well
