"""A PostgreSQL of our own that is stopped, killed, filled and starved: `cluster.sh --faults`."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fleettickets.store.streams import lock_dataset
from tests.support.localstack import ROOT
from tests.support.waits import wait_until

type ServerFault = Literal[
    "restarted", "stopped", "killed", "backend killed", "no connections", "no lock", "read-only",
    "no disk",
]  # fmt: skip

SERVER_FAULTS: tuple[ServerFault, ...] = ServerFault.__value__.__args__
SCRIPT = ROOT / "scripts" / "cluster.sh"
DATA = ROOT / ".local" / "postgres-faults" / "server" / "data"
START_SECONDS = 60.0
NO_ROOM = "8192"  # bytes: no file may grow beyond its first page, the log of transactions included


def command(verb: str) -> str:
    """Run a command of the script, and return what it prints."""
    done = subprocess.run(
        [SCRIPT, "--faults", verb], capture_output=True, text=True, check=True, timeout=180
    )
    return done.stdout.strip()


@contextmanager
def a_server_for_faults() -> Generator[str]:
    """Start the server if it does not run, and yield its URL; who started it also stops it."""
    runs = subprocess.run([SCRIPT, "--faults", "url"], capture_output=True, text=True, check=False)
    if runs.returncode == 0:
        yield runs.stdout.strip()
        return
    command("start")
    try:
        yield command("url")
    finally:
        command("stop")


@dataclass(frozen=True, slots=True)
class Server:
    """The server as a saboteur and an operator have it.

    `url` is a superuser's, of the application's database; `roles` are those of the functions.
    """

    url: str
    roles: tuple[str, ...]

    def suffer(self, fault: ServerFault, seconds: float) -> None:
        """Let a fault last so long, then mend it; returns when the server answers again."""
        faults: dict[ServerFault, Callable[[float], None]] = {
            "restarted": lambda _: self._stop(0.0),
            "stopped": self._stop,
            "killed": self._kill,
            "backend killed": lambda _: self._kill_backend(),
            "no connections": self._take_connections,
            "no lock": self._take_lock,
            "read-only": self._be_read_only,
            "no disk": self._take_disk,
        }
        try:
            faults[fault](seconds)
        finally:
            self.ensure_running()

    def ensure_running(self) -> None:
        """Start it if it does not run, and wait until it takes connections."""
        wait_until(self._is_back, "the server", timeout_seconds=START_SECONDS)

    def connect(self) -> psycopg.Connection:
        """Open a superuser's session, which writes whatever the database is set to."""
        return psycopg.connect(
            self.url, autocommit=True, options="-c default_transaction_read_only=off"
        )

    def end_sessions(self) -> None:
        """End the functions' sessions, so that they need new ones."""
        with self.connect() as session:
            session.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = any (%s)",
                [list(self.roles)],
            )

    def _is_back(self) -> bool:
        if not _is_alive(_postmaster()):
            command("start")
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _stop(self, seconds: float) -> None:
        command("stop")
        time.sleep(seconds)

    def _kill(self, seconds: float) -> None:
        os.kill(_postmaster(), signal.SIGKILL)
        time.sleep(seconds)

    def _kill_backend(self) -> None:
        """Kill a function's backend; then the server ends all others, and recovers."""
        with self.connect() as session:
            found = session.execute(
                "select pid from pg_stat_activity where usename = any (%s) limit 1",
                [list(self.roles)],
            ).fetchone()
        if found is not None:
            with suppress(ProcessLookupError):
                os.kill(found[0], signal.SIGKILL)
                time.sleep(0.5)

    def _take_connections(self, seconds: float) -> None:
        """Leave no session to anybody but superusers; two of those stay free for the tests."""
        self.end_sessions()
        with ExitStack() as taken:
            sessions = list[psycopg.Connection]()
            with suppress(psycopg.OperationalError):
                while True:
                    sessions.append(taken.enter_context(self.connect()))
            for session in sessions[-2:]:
                session.close()
            time.sleep(seconds)

    def _take_lock(self, seconds: float) -> None:
        with self.connect() as session, session.transaction():
            lock_dataset(session)
            time.sleep(seconds)

    def _be_read_only(self, seconds: float) -> None:
        name = sql.Identifier(str(conninfo_to_dict(self.url)["dbname"]))
        setting = sql.SQL("alter database {} set default_transaction_read_only = {}")
        with self.connect() as session:
            session.execute(setting.format(name, sql.Literal("on")))
            self.end_sessions()
            try:
                time.sleep(seconds)
            finally:
                session.execute(setting.format(name, sql.Literal("off")))
                self.end_sessions()

    def _take_disk(self, seconds: float) -> None:
        """Let no file grow: whoever writes fails, or takes the server down with it."""
        postmaster = _postmaster()
        with self.connect() as session:
            pids = session.execute(
                "select pid from pg_stat_activity where usename = any (%s)", [list(self.roles)]
            ).fetchall()
        for pid in (postmaster, *(int(pid) for (pid,) in pids)):
            _limit_files(pid, NO_ROOM)
        time.sleep(seconds)
        _limit_files(postmaster, "unlimited")
        if _is_alive(postmaster):
            command("stop")  # sessions that began without room would never get it back


def _limit_files(pid: int, soft_limit: str) -> None:
    """Set the longest file of a process; only its own user may, or who has CAP_SYS_RESOURCE."""
    limit = ["prlimit", f"--pid={pid}", f"--fsize={soft_limit}:"]
    is_ours = DATA.stat().st_uid == os.geteuid()
    as_owner = [] if is_ours else ["runuser", "-u", DATA.owner(), "--"]
    subprocess.run([*as_owner, *limit], capture_output=True, check=False, cwd="/")


def _postmaster() -> int:
    try:
        return int((DATA / "postmaster.pid").read_text().partition("\n")[0])
    except FileNotFoundError:
        return 0


def _is_alive(pid: int) -> bool:
    """Tell whether it is our server: a killed one may stay as a zombie for a while."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
    return str(DATA.resolve()).encode() in arguments
