"""What the benchmarks run against: a gateway of the all-in-one profile lends its PostgreSQL and its doubles of HMPPS Auth
and prisoner search; the gateway that is measured is another process, configured as in production."""
import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
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


def resident_kilobytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise SystemExit(f"process {pid} is gone")


def wait_until_answering(url, process, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the gateway ended with status {process.returncode} before it answered")
        try:
            with urllib.request.urlopen(url, timeout=1):
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


class World:
    """PostgreSQL with a filled table, and the doubles. A context manager: leaving it stops everything."""

    # Prisoners that the double of prisoner search knows (Sources/LocalProfile/SamplePrisoner.swift).
    listed_prisoner = "A1234BC"
    other_prisoners = ["B2345CD", "C3456DE", "D4567EF", "E5678FG", "F6789GH", "G7890HJ", "H8901JK", "J9012KL",
                       "K0123LM", "L1235MN"]

    def __init__(self, rows):
        self.rows = rows

    def __enter__(self):
        if not BINARY.exists():
            raise SystemExit("build first: swift build -c release --product gateway --static-swift-stdlib")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-benchmark-"))
        self.folder.chmod(0o755)
        data = self.folder / "data"
        port = free_port()
        environment = dict(os.environ, SERVER_PORT=str(port), GATEWAY_LOCAL_DATA=str(data), LOG_LEVEL="warning")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--profile", "all-in-one"], env=environment, stdout=subprocess.DEVNULL)
        wait_until_answering(f"http://127.0.0.1:{port}/health/ping", self.process)
        endpoints = data / "endpoints.env"
        wait_for_file(endpoints, self.process)
        lines = endpoints.read_text().splitlines()
        self.settings = dict(line.split("=", 1) for line in lines if "=" in line)
        self.database_url = self.settings["DATABASE_URL"]
        self.fill()
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        found = shutil.which(name)
        if found:
            return found
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        if not programs:
            raise SystemExit(f"{name} is missing: apt-get install postgresql")
        return str(programs[-1])

    def sql(self, text):
        subprocess.run([self.program("psql"), "-q", "-v", "ON_ERROR_STOP=1", self.database_url, "-c", text], check=True)

    def fill(self):
        """`rows` non-associations of invented prisoners, ids from 1, and ten of the listed prisoner among known ones."""
        self.sql("truncate non_association restart identity")
        self.sql(f"""
            insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
              second_prisoner_role, reason, restriction_type, comment, authorised_by, updated_by)
            select 'B' || lpad((n % 10000)::text, 4, '0') || chr(65 + n / 10000 % 26) || chr(65 + n / 260000 % 26),
              'VICTIM', 'C' || lpad((n % 10000)::text, 4, '0') || chr(65 + n / 10000 % 26) || chr(65 + n / 260000 % 26),
              'PERPETRATOR', 'BULLYING', 'CELL', 'Kept apart since an incident on the wing', 'A_USER', 'A_USER'
            from generate_series(0, {self.rows} - 1) n""")
        values = ", ".join(
            f"('{self.listed_prisoner}', 'VICTIM', '{number}', 'PERPETRATOR', 'BULLYING', 'CELL',"
            " 'Kept apart since an incident on the wing', 'A_USER', 'A_USER')" for number in self.other_prisoners)
        self.sql(f"""
            insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
              second_prisoner_role, reason, restriction_type, comment, authorised_by, updated_by) values {values}""")
        self.sql("vacuum analyze non_association")

    def token(self):
        """A token that may read, from the double of HMPPS Auth."""
        client = self.settings["CLIENT_ID"] + ":" + self.settings["CLIENT_SECRET"]
        request = urllib.request.Request(
            self.settings["API_BASE_URL_OAUTH"] + "/oauth/token",
            data=urllib.parse.urlencode({"grant_type": "client_credentials", "username": "BENCHMARK"}).encode(),
            headers={"Authorization": "Basic " + base64.b64encode(client.encode()).decode()})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)["access_token"]


class Gateway:
    """The gateway that is measured, as a process of its own. A context manager."""

    def __init__(self, world, loops=None, wait=True):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = dict(os.environ, **world.settings)
        environment.update(SERVER_PORT=str(port), SERVER_HOST="127.0.0.1", LOG_LEVEL="warning",
                           HMPPS_SQS_PROVIDER="in-process")
        if loops:
            environment["SERVER_LOOPS"] = str(loops)
        self.process = subprocess.Popen([BINARY, "serve"], env=environment, stdout=subprocess.DEVNULL)
        if wait:
            wait_until_answering(self.url + "/health/ping", self.process)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()
