"""The script of the restore job, with a PostgreSQL of its own."""

import http.server
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from rendered import CHART, ENVIRONMENTS, HOSTED, job, names, render, services, the

# As the service replaced leaves it, in as far as a restore can tell.
REPLACED = """
create table flyway_schema_history (installed_rank integer primary key, version varchar(50));
insert into flyway_schema_history values (1, '1.1'), (2, '1.2');
create table non_association (id bigserial primary key, first_prisoner_number text, is_closed boolean);
"""
# What the gateway adds: tables of its own, and an index and a trigger on a table of the service replaced.
ADDED = """
create unique index one_open on non_association (first_prisoner_number) where not is_closed;
create table gateway_outbox (id bigserial primary key, payload text);
insert into gateway_outbox (payload) values ('kept');
"""


class Cluster:
    """A PostgreSQL in a folder of its own, which is gone afterwards."""

    def __enter__(self):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        programs = found[-1].parent if found else pathlib.Path(shutil.which("initdb") or "").parent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-restore-", dir="/tmp"))
        as_nobody = []
        if os.getuid() == 0:
            # PostgreSQL does not run as root.
            os.chown(self.folder, 65534, 65534)
            as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        data = self.folder / "data"
        subprocess.run(
            [*as_nobody, programs / "initdb", "--username", "owner", "--auth", "trust", "--no-sync", data],
            check=True, capture_output=True, cwd=self.folder,
        )
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -F"
        self.control = [*as_nobody, programs / "pg_ctl", "--pgdata", data, "--wait", "--silent"]
        log = self.folder / "log"
        subprocess.run(
            [*self.control, "--log", log, "--options", options, "start"],
            check=True, capture_output=True, cwd=self.folder,
        )
        return self

    def __exit__(self, *_):
        subprocess.run([*self.control, "--mode", "immediate", "stop"], capture_output=True, cwd=self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, database: str, text: str) -> str:
        command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--username", "owner", "--dbname", database]
        done = subprocess.run([*command, "--command", text], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


class NOMIS(http.server.BaseHTTPRequestHandler):
    """Says when it was restored."""

    def do_GET(self):
        text = self.server.answer
        self.send_response(200 if text else 404)
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, *_):
        pass


class RestoreJob(unittest.TestCase):
    """docs/contract/adoption.md §8 row AD-19, as far as it is the chart's"""

    def setUp(self):
        self.cluster = self.enterContext(Cluster())
        for database, more in [("production", ""), ("preproduction", ADDED)]:
            self.cluster.sql("postgres", f"create database {database}")
            self.cluster.sql(database, REPLACED + more)
        self.cluster.sql("production", "insert into non_association values (7, 'A1234BC', false)")
        self.cluster.sql("preproduction", "insert into non_association values (8, 'B1234BC', false)")
        self.nomis = http.server.HTTPServer(("127.0.0.1", 0), NOMIS)
        self.nomis.answer = '"2026-03-01"'
        threading.Thread(target=self.nomis.serve_forever, daemon=True).start()
        self.addCleanup(self.nomis.server_close)
        self.addCleanup(self.nomis.shutdown)

    def run_script(self, **more: str) -> tuple[int, str]:
        settings = {
            "RESTORE_INFO_URL": f"http://127.0.0.1:{self.nomis.server_port}/api/restore-info",
            "DUMP_FOLDER": str(self.cluster.folder), "PGPORT": str(self.cluster.port), "NO_PROXY": "*",
        }
        for side, database in [("FROM", "production"), ("TO", "preproduction")]:
            settings |= {f"{side}_HOST": "127.0.0.1", f"{side}_USER": "owner", f"{side}_NAME": database}
            settings |= {f"{side}_PASSWORD": "none"}
        done = subprocess.run(
            ["bash", CHART / "files" / "restore"], env=dict(os.environ, **settings, **more), capture_output=True,
            text=True, timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    def ids(self) -> str:
        return self.cluster.sql("preproduction", "select string_agg(id::text, ',') from non_association")

    def test_ad_19_it_puts_production_over_a_database_that_the_gateway_has_extended(self):
        status, said = self.run_script()
        self.assertEqual((status, self.ids()), (0, "7"), said)
        # What production has not is left alone, but for what hung on a table that was replaced.
        self.assertEqual(self.cluster.sql("preproduction", "select payload from gateway_outbox"), "kept")
        indexes = "select count(*) from pg_indexes where indexname = 'one_open'"
        self.assertEqual(self.cluster.sql("preproduction", indexes), "0")

    def test_ad_19_other_migrations_stop_it_before_anything_is_changed(self):
        self.cluster.sql("production", "insert into flyway_schema_history values (3, '2')")
        status, said = self.run_script()
        self.assertEqual((status, self.ids()), (1, "8"), said)
        self.assertIn("3 migrations and pre-production 2", said)

    def test_ad_19_a_restore_that_fails_changes_nothing(self):
        # A view keeps the old table from being dropped.
        self.cluster.sql("preproduction", "create view held as select * from non_association")
        status, said = self.run_script()
        self.assertNotEqual(status, 0)
        self.assertEqual(self.ids(), "8", said)
        self.cluster.sql("preproduction", "drop view held")
        self.assertEqual((self.run_script()[0], self.ids()), (0, "7"))

    def test_it_restores_once_after_each_restore_of_nomis(self):
        self.assertEqual(self.run_script()[0], 0)
        self.cluster.sql("preproduction", "delete from non_association")
        status, said = self.run_script()
        self.assertEqual((status, self.ids()), (0, ""), said)
        self.nomis.answer = None
        self.assertEqual((self.run_script()[0], self.ids()), (0, ""))
        self.nomis.answer = '{"a":1}'
        self.assertEqual((self.run_script()[0], self.ids()), (1, ""))
        self.nomis.answer = '"2026-03-02"'
        self.assertEqual((self.run_script()[0], self.ids()), (0, "7"))
        self.cluster.sql("preproduction", "delete from non_association")
        self.assertEqual((self.run_script(FORCE_RUN="1")[0], self.ids()), (0, "7"))


class RestoreCronJob(unittest.TestCase):
    def test_it_is_there_in_production_alone_with_the_secrets_of_before(self):
        secrets = {"non-associations": "dps-rds-instance-output", "restricted-patients": "rp-rds-instance-output"}
        for environment in ENVIRONMENTS:
            for hosted, settings in HOSTED.items():
                documents = render(environment, *settings)
                expected = {f"gateway-{service}-restore" for service in services(hosted)}
                found = {name for name in names(documents, "CronJob") if name.endswith("restore")}
                self.assertEqual(found, expected if environment == "prod" else set())
        documents = render("prod")
        for service, secret in secrets.items():
            cron, pod, container = job(documents, f"gateway-{service}-restore")
            self.assertEqual((cron["schedule"], cron["concurrencyPolicy"]), ("30 6-21/4 * * 1-5", "Forbid"))
            self.assertEqual(cron["jobTemplate"]["spec"]["backoffLimit"], 0)
            sources = {e["name"]: e["valueFrom"]["secretKeyRef"] for e in container["env"] if "valueFrom" in e}
            keys = {"HOST": "rds_instance_address", "NAME": "database_name", "USER": "database_username",
                    "PASSWORD": "database_password"}
            self.assertEqual(
                {name: (source["name"], source["key"]) for name, source in sources.items()},
                {f"{side}_{part}": (name, key) for side, name in [("FROM", secret), ("TO", f"{secret}-preprod")]
                 for part, key in keys.items()},
            )
            script = the(documents, "ConfigMap", f"gateway-{service}-restore")["data"]["restore"]
            self.assertEqual(script.rstrip("\n"), (CHART / "files" / "restore").read_text().rstrip("\n"))
            mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            self.assertEqual(container["command"], ["/bin/bash", f"{mounts['script']}/restore"])
            self.assertEqual(mounts["dump"], "/dump")
