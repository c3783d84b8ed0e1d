"""A copy of a world's database with a standby, behind one address that can be led from one server to the other."""
import copy
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time
import urllib.parse

from world import scratch_folder

PATIENCE = 30


class Server:
    """A PostgreSQL server on a socket of its own, made of a running one."""

    def __init__(self, world, source_url, follows):
        """`follows`: whether it stays a standby of the server that it is made of."""
        self.world = world
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-switch-", dir=scratch_folder()))
        self.account = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            # PostgreSQL's programs refuse to work for root.
            self.account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.run("pg_basebackup", "-d", source_url, "-D", self.data, "-X", "stream", "-c", "fast", "--no-sync",
                 *(["-R"] if follows else []))
        self.run("pg_ctl", "-D", self.data, "-w", "-l", str(self.folder / "log"), "-o",
                 f"-k {self.folder} -c listen_addresses=''", "start")

    @property
    def data(self):
        return str(self.folder / "data")

    def url(self, database):
        return f"postgresql:///{database}?host={urllib.parse.quote(str(self.folder), safe='')}&user=gateway"

    def run(self, program, *arguments):
        subprocess.run([*self.account, self.world.program(program), *arguments], check=True, cwd="/",
                       stdout=subprocess.DEVNULL)

    def sql(self, statement):
        return subprocess.run([self.world.program("psql"), "-q", "-At", "-v", "ON_ERROR_STOP=1", self.url("postgres"), "-c", statement],
                              stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def remove(self):
        subprocess.run([*self.account, self.world.program("pg_ctl"), "-D", self.data, "-m", "immediate", "-w", "stop"],
                       cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


class SwitchableWorld:
    """A world whose database is a copy, with a standby. A context manager: it gives a world, as others have it."""

    def __init__(self, world):
        self.original = world
        self.servers = []

    def __enter__(self):
        try:
            self.old = Server(self.original, self.original.server_url, follows=False)
            self.servers.append(self.old)
            self.new = Server(self.original, self.old.url("postgres"), follows=True)
            self.servers.append(self.new)
            self.address = pathlib.Path(f"{self.old.folder}-address")
            self.lead_to(self.old)
        except BaseException:
            self.__exit__()
            raise
        world = copy.copy(self.original)
        name = world.database_name(world.rows)
        world.database_url = (f"postgresql:///{name}?host={urllib.parse.quote(str(self.address), safe='')}"
                              "&user=gateway")
        world.settings = dict(world.settings, DATABASE_URL=world.database_url)
        world.switch_over = self.switch_over
        return world

    def __exit__(self, *error):
        for server in reversed(self.servers):
            server.remove()
        if hasattr(self, "address"):
            self.address.unlink(missing_ok=True)

    def lead_to(self, server):
        """Where new connections go; those that are open stay where they are."""
        new = pathlib.Path(f"{self.address}.new")
        new.symlink_to(server.folder)
        new.rename(self.address)

    def switch_over(self):
        """The old server lives on, read-only; the standby, which has all that it has, is the one that new connections reach."""
        self.old.sql("alter system set default_transaction_read_only = on")
        self.old.sql("select pg_reload_conf()")
        deadline = time.monotonic() + PATIENCE
        while True:
            # What began before may still be writing.
            busy = self.old.sql("select count(*) from pg_stat_activity where backend_xid is not null")
            end = self.old.sql("select pg_current_wal_flush_lsn()")
            if (busy == "0" and self.old.sql("show default_transaction_read_only") == "on"
                    and self.new.sql(f"select pg_last_wal_replay_lsn() >= '{end}'") == "t"):
                break
            if time.monotonic() > deadline:
                raise SystemExit("the standby does not come up to the primary")
            time.sleep(0.01)
        self.new.run("pg_ctl", "-D", self.new.data, "-w", "promote")
        self.lead_to(self.new)
