"""What the benchmarks run against: a gateway of the all-in-one profile lends its PostgreSQL and its doubles of HMPPS Auth
and prisoner search; the gateway that is measured is another process, configured as in production."""
import base64
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / ".build" / "release" / "gateway"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def scratch_folder():
    """Where a table of millions of rows has room: a temporary folder may lie in memory."""
    return os.environ.get("TMPDIR") or "/var/tmp"


def resident_kilobytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise SystemExit(f"process {pid} is gone")


def wait_until_answering(url, process, seconds=30, tls=None):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the gateway ended with status {process.returncode} before it answered")
        try:
            with urllib.request.urlopen(url, timeout=1, context=tls):
                return
        except OSError:
            time.sleep(0.01)
    raise SystemExit(f"{url} did not answer within {seconds} s")


def wait_for_file(path, process, seconds=30):
    deadline = time.monotonic() + seconds
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the gateway did not write {path.name}")
        time.sleep(0.01)


def prisoner_number(letter, number):
    """The prisoner of a letter and a number from 0 to 6,759,999: `B0042AA`. prisoners.lua counts the same way."""
    return f"{letter}{number % 10000:04}{chr(65 + number // 10000 % 26)}{chr(65 + number // 260000 % 26)}"


def prisoner_number_sql(letter, number):
    """The same in SQL, of an expression."""
    return (f"'{letter}' || lpad((({number}) % 10000)::text, 4, '0') || chr((65 + ({number}) / 10000 % 26)::int)"
            f" || chr((65 + ({number}) / 260000 % 26)::int)")


def with_database(url, name):
    """The same server's other database."""
    return re.sub(r"^(\w+://[^/?]*)(/[^?]*)?", rf"\1/{name}", url)


class World:
    """PostgreSQL, and doubles that know every prisoner. A context manager: leaving it stops everything."""

    # Prisoners D0000AA, D0001AA, … who have 200 non-associations each, beside those that `fill` is asked for.
    busy_prisoners = 50
    rows_of_busy_prisoner = 200
    # Rows that are inserted at once: the step in which filling tells how far it is.
    batch = 1_000_000

    def __init__(self, *sizes):
        """A database for each size of the table, so that the sizes can be measured in turn; the first is in use.

        None is the lending gateway's own, whose relay and consumers would take part in the work.
        """
        self.sizes = sizes

    def __enter__(self):
        if not BINARY.exists():
            raise SystemExit("build first: swift build -c release --product gateway --static-swift-stdlib")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-benchmark-", dir=scratch_folder()))
        self.folder.chmod(0o755)
        data = self.folder / "data"
        port = free_port()
        environment = dict(os.environ, SERVER_PORT=str(port), GATEWAY_LOCAL_DATA=str(data), LOG_LEVEL="warning",
                           GATEWAY_LOCAL_PRISONERS="any")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--profile", "all-in-one"], env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_until_answering(f"http://127.0.0.1:{port}/health/ping", self.process)
            endpoints = data / "endpoints.env"
            wait_for_file(endpoints, self.process)
            lines = shlex.split(endpoints.read_text(), comments=True)
            self.settings = dict(line.split("=", 1) for line in lines)
            self.server_url = self.settings["DATABASE_URL"]
            for size in self.sizes:
                self.database_url = self.server_url
                self.sql(f"create database {self.database_name(size)}")
                self.use(size)
                # It migrates the database.
                with Gateway(self):
                    pass
                self.fill(size)
            if self.sizes:
                self.use(self.sizes[0])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def database_name(self, rows):
        return f"rows_{rows}"

    def use(self, rows):
        """Makes the database of a size the one that the next gateway, or pgbench, works on."""
        self.rows = rows
        self.database_url = with_database(self.server_url, self.database_name(rows))
        self.settings["DATABASE_URL"] = self.database_url

    def program(self, name):
        found = shutil.which(name)
        if found:
            return found
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        if not programs:
            raise SystemExit(f"{name} is missing: apt-get install postgresql")
        return str(programs[-1])

    def is_there(self):
        """Whether PostgreSQL accepts connections."""
        return subprocess.run([self.program("pg_isready"), "-q", "-d", self.database_url]).returncode == 0

    def sql(self, *statements):
        """Runs statements in one session; returns what they print."""
        arguments = [part for statement in statements for part in ("-c", statement)]
        return subprocess.run(
            [self.program("psql"), "-q", "-At", "-v", "ON_ERROR_STOP=1", self.database_url] + arguments,
            stdout=subprocess.PIPE, text=True, check=True).stdout

    def fill(self, rows):
        """Replaces the rows of the table in use by `rows` non-associations with the ids from 1, and those of the busy prisoners.

        Row `n` (from 0) is of the prisoners B(n modulo a tenth of the rows) and C(n): so each B has ten, far apart in
        the table, as they are where rows come in the order of time.
        """
        started = time.monotonic()
        # Indexes are made afterwards: that takes a fraction of the time.
        indexes = [line.split("|", 1) for line in self.sql(
            "select indexname, indexdef from pg_indexes where tablename = 'non_association'"
            " and indexname <> 'non_association_pkey' and schemaname = current_schema").splitlines()]
        # Without the triggers, which would leave a change of the counts for each row: the gateway counts them at once.
        self.sql("truncate non_association, non_association_history restart identity",
                 "alter table non_association disable trigger user",
                 *(f"drop index {name}" for name, _ in indexes))
        tenth = max(1, rows // 10)
        for first in range(0, rows, self.batch):
            last = min(first + self.batch, rows) - 1
            self.insert(prisoner_number_sql("B", f"n % {tenth}"), prisoner_number_sql("C", "n % 6760000"), first, last)
            self.tell(rows, f"{last + 1:,} rows", started)
        self.insert(prisoner_number_sql("D", f"n % {self.busy_prisoners}"), prisoner_number_sql("E", "n"), 0,
                    self.busy_prisoners * self.rows_of_busy_prisoner - 1)
        for name, definition in indexes:
            self.sql("set maintenance_work_mem = '1GB'", definition)
            self.tell(rows, f"index {name}", started)
        self.sql("alter table non_association enable trigger user", "vacuum (analyze) non_association", "checkpoint")
        with Gateway(self):
            self.wait_until_counted()
        self.tell(rows, "vacuumed and analysed", started)

    def wait_until_counted(self, seconds=120):
        deadline = time.monotonic() + seconds
        while self.sql("select count(*) from non_association_count_base").strip() == "0":
            if time.monotonic() > deadline:
                raise SystemExit(f"the non-associations were not counted within {seconds} s")
            time.sleep(0.05)

    def insert(self, first_number, second_number, first, last):
        self.sql("set synchronous_commit = off", f"""
            insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
              second_prisoner_role, reason, restriction_type, comment, authorised_by, updated_by)
            select {first_number}, 'VICTIM', {second_number}, 'PERPETRATOR', 'BULLYING', 'CELL',
              'Kept apart since an incident on the wing', 'A_USER', 'A_USER'
            from generate_series({first}, {last}) n""")

    def tell(self, rows, what, started):
        """Filling a small table takes no time worth a line."""
        if rows >= self.batch:
            print(f"filling {rows:,} rows: {what}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    def prisoners_of_pairs(self, pairs):
        """Both prisoners of some rows."""
        rows = [random.randrange(self.rows) for _ in range(pairs)]
        return [prisoner_number("B", row % max(1, self.rows // 10)) for row in rows] + [
            prisoner_number("C", row % 6_760_000) for row in rows]

    def wait_until_published(self, seconds=120):
        """Until no event and no audit message waits in the outbox."""
        deadline = time.monotonic() + seconds
        # The condition is that of the index.
        while int(self.sql("select count(*) from gateway_outbox where published_at is null and set_aside_at is null")) > 0:
            if time.monotonic() > deadline:
                raise SystemExit(f"not everything was published within {seconds} s")
            time.sleep(0.05)

    def token(self, client=None):
        """A token of a client, or of one that may read and write, from the double of HMPPS Auth."""
        client = (client or self.settings["CLIENT_ID"]) + ":" + self.settings["CLIENT_SECRET"]
        request = urllib.request.Request(
            self.settings["API_BASE_URL_OAUTH"] + "/oauth/token",
            data=urllib.parse.urlencode({"grant_type": "client_credentials", "username": "BENCHMARK"}).encode(),
            headers={"Authorization": "Basic " + base64.b64encode(client.encode()).decode()})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)["access_token"]


class Gateway:
    """The gateway that is measured, as a process of its own. A context manager.

    `settings` are added to the world's; its log goes to the file `log`, if one is given. `within` is a command that
    becomes the one behind it, or runs `binary` in its place; `tls` is the context by which its certificate is trusted, if it has one.
    """

    def __init__(self, world, loops=None, wait=True, settings=None, log=None, within=(), tls=None, binary=None,
                 seconds=30):
        port = free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        environment = dict(os.environ, **world.settings)
        environment.update(SERVER_PORT=str(port), SERVER_HOST="127.0.0.1", LOG_LEVEL="warning",
                           HMPPS_SQS_PROVIDER="in-process", SERVER_DRAIN_TIME="0s")
        environment.update(settings or {})
        if loops:
            environment["SERVER_LOOPS"] = str(loops)
        with open(log or os.devnull, "wb") as output:
            self.process = subprocess.Popen([*within, binary or BINARY, "serve"], env=environment, stdout=output)
        if wait:
            wait_until_answering(self.url + "/health/ping", self.process, seconds, tls=tls)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()
