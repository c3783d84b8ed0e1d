"""The load generators, and the servers that the gateway is compared with."""
import http.client
import multiprocessing
import pathlib
import subprocess
import time
import urllib.request

from world import free_port, prisoner_number_sql

HERE = pathlib.Path(__file__).resolve().parent

COLUMNS = ("id, first_prisoner_number, first_prisoner_role, second_prisoner_number, second_prisoner_role, reason,"
           " restriction_type, comment, when_created, when_updated, authorised_by, updated_by, closed_by,"
           " closed_reason, closed_at")


def wrk_command(url, script, seconds, connections, *arguments):
    return ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(HERE / script), url, "--",
            *arguments]


def wrk(url, script, seconds, connections, *arguments):
    """One wrk run; returns requests per second, p50 and p99 in milliseconds."""
    command = wrk_command(url, script, seconds, connections, *arguments)
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    line = next((line for line in output.splitlines() if line.startswith("RESULT")), None)
    if line is None:
        raise SystemExit(f"wrk printed no result:\n{output}")
    requests, microseconds, p50, p99, errors = (int(part) for part in line.split()[1:])
    if errors:
        raise SystemExit(f"{errors} of {requests} requests to {url} failed; the figures would mean nothing")
    return requests / (microseconds / 1e6), p50 / 1000, p99 / 1000


def read_at_pace(make_connection, path, token, seconds, pace, results):
    """Reads at a pace; a slow answer does not slow the pace down, its wait counts."""
    connection = make_connection()
    headers = {"Authorization": "Bearer " + token}
    connection.request("GET", path, headers=headers)
    connection.getresponse().read()
    taken, started = [], time.perf_counter()
    for number in range(int(seconds * pace)):
        due = started + number / pace
        while (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        taken.append(time.perf_counter() - due)
    results.put(taken)


def paced(make_connection, path, token, seconds, pace):
    """p50 and p99 in milliseconds of reads by two processes at a pace that is far from all there is."""
    results = multiprocessing.Queue()
    readers = [multiprocessing.Process(target=read_at_pace,
                                       args=(make_connection, path, token, seconds, pace / 2, results)) for _ in range(2)]
    for process in readers:
        process.start()
    taken = sorted(one for _ in readers for one in results.get())
    for process in readers:
        process.join()
    return taken[len(taken) // 2] * 1000, taken[int(len(taken) * 0.99)] * 1000


def plain_connection(url):
    return http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)


def pgbench(world, scripts, seconds, clients):
    """Transactions per second of prepared statements; each transaction is one of `scripts`, at random."""
    command = [world.program("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds)]
    for number, text in enumerate(scripts):
        path = world.folder / f"pgbench-{number}.sql"
        path.write_text(text)
        command += ["-f", str(path)]
    output = subprocess.run(command + [world.database_url], capture_output=True, text=True, check=True).stdout
    return next(float(line.split()[2]) for line in output.splitlines() if line.startswith("tps"))


# The statements behind the gateway's answers, as its stores spell them (Sources/NonAssociationsModule).

def select_first_page():
    return [f"select {COLUMNS} from non_association order by id limit 20;\n"]


def select_by_id(world):
    return [f"\\set id random(1, {world.rows})\nselect {COLUMNS} from non_association where id = :id;\n"]


def select_by_prisoner(letter, count):
    """pgbench has no texts to draw from, so the statement makes the number, once."""
    return [f"\\set n random(0, {count - 1})\n"
            f"with asked as materialized (select {prisoner_number_sql(letter, ':n')} number)"
            f" select {COLUMNS} from non_association where first_prisoner_number = (select number from asked)"
            " or second_prisoner_number = (select number from asked) order by id;\n"]


def select_between(world):
    """Few sets take turns, so that preparing a statement for each does not show."""
    def one():
        numbers = ",".join(world.prisoners_of_pairs(50))
        return (f"with asked as materialized (select distinct number from unnest('{{{numbers}}}'::text[]) number)"
                f" select {COLUMNS} from (select na.* from asked join non_association na"
                " on na.first_prisoner_number = asked.number where na.second_prisoner_number in"
                " (select number from asked) and not is_closed) rows order by id;\n")
    return [one() for _ in range(20)]


def insert_with_history():
    """What a create does to the database, outbox excluded: the check, the row and its history in a transaction."""
    row = "'VICTIM', :second, 'PERPETRATOR', 'BULLYING', 'CELL', 'Kept apart since an incident on the wing'"
    columns = ("first_prisoner_number, first_prisoner_role, second_prisoner_number, second_prisoner_role, reason,"
               " restriction_type, comment")
    return [f"""\\set first random(1000000, 9999999)
\\set second random(10000000, 99999999)
select exists (select from non_association where not is_closed
  and (first_prisoner_number = :first::text and second_prisoner_number = :second::text
    or first_prisoner_number = :second::text and second_prisoner_number = :first::text));
begin;
with written as (insert into non_association ({columns}, when_created, when_updated, authorised_by, updated_by)
  values (:first, {row}, now(), now(), 'A_USER', 'A_USER') returning *),
kept as (insert into non_association_history (change, changed_at, changed_by, non_association_id, {columns},
  when_created, when_updated, authorised_by, updated_by, is_closed)
  select 'CREATED', now(), 'A_USER', id, {columns}, when_created, when_updated, authorised_by, updated_by, is_closed
  from written)
select {COLUMNS} from written;
commit;
"""]


def nginx(world):
    """An nginx with one worker that says 200 to everything; returns its process and its address."""
    port = free_port()
    configuration = world.folder / "nginx.conf"
    configuration.write_text(f"""
daemon off; worker_processes 1; pid {world.folder}/nginx.pid; error_log {world.folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{{"status":"UP"}}'; }} }} }}
""")
    process = subprocess.Popen(["nginx", "-c", str(configuration), "-p", str(world.folder)])
    wait_for(f"http://127.0.0.1:{port}/", 10)
    return process, f"http://127.0.0.1:{port}/"


def wait_for(url, seconds):
    """Seconds until the URL answers 200."""
    started = time.monotonic()
    while time.monotonic() < started + seconds:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return time.monotonic() - started
        except OSError:
            time.sleep(0.002)
    raise SystemExit(f"{url} did not answer within {seconds} s")
