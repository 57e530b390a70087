"""Child processes that can't outlive us: spawned with a death signal, restarted when they crash, stopped in order.

The kernel sends the death signal (``PR_SET_PDEATHSIG``) when the *thread* that forked ends, so children are spawned
from the main thread only, and it is forgotten when the user id changes, so it is set after that.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import pwd
import shlex
import signal
import subprocess
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.infra.log import log
from services.infra.log_files import LogFile
from services.infra.settings import get_settings

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
UNPRIVILEGED_ID = 65534
STEADY_S = 60.0
BACK_OFF_LIMIT_S = 10.0
POLL_S = 0.1

_libc = ctypes.CDLL(None, use_errno=True)


class StartError(RuntimeError):
    """A server could not be started; the message is for the person at the terminal."""


def die_with_parent(death_signal: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process ``death_signal`` when its parent ends."""
    _libc.prctl(PR_SET_PDEATHSIG, death_signal)


async def run_lines(
    command: Sequence[str | Path], on_line: Callable[[str], None], environment: Mapping[str, str], folder: Path
) -> tuple[int, str]:
    """Run a command to its end, telling every line as it comes; returns the exit code and the end of the output.

    Cancelling ends the command, and so does our own end.
    """

    def between_fork_and_exec() -> None:
        os.setsid()
        die_with_parent(signal.SIGTERM)

    running = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=dict(environment),
        preexec_fn=between_fork_and_exec,
    )
    assert running.stdout is not None
    tail: deque[str] = deque(maxlen=40)
    try:
        async for raw in running.stdout:
            tail.append(raw.decode(errors="replace"))
            on_line(tail[-1].strip())
        return await running.wait(), "".join(tail)
    finally:
        if running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGTERM)
            await running.wait()


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a child runs as.

    Attributes:
        user_id: A user to become, or None for our own.
        namespace: Run in a user namespace in which root is nobody: for servers that refuse root when the files are
            out of nobody's reach.
    """

    user_id: int | None = None
    group_id: int | None = None
    namespace: bool = False

    def popen_arguments(self) -> dict[str, object]:
        """Arguments of ``subprocess.Popen`` that take this identity on."""
        if self.user_id is None:
            return {}
        return {"user": self.user_id, "group": self.group_id, "extra_groups": []}

    def enter(self) -> None:
        """The part that happens in the child, between fork and exec."""
        if not self.namespace:
            return
        user, group = os.geteuid(), os.getegid()
        if _libc.unshare(CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "no user namespaces here")
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{UNPRIVILEGED_ID} {user} 1"),
            ("gid_map", f"{UNPRIVILEGED_ID} {group} 1"),
        ):
            Path("/proc/self", name).write_text(text)


def unprivileged(probe: Sequence[str | Path], folder: Path) -> Identity:
    """An identity other than root that can run ``probe`` with ``folder`` in reach; our own when we are not root.

    A folder that exists decides: what it belongs to is who serves it again.

    Raises:
        StartError: We are root and there is none.
    """
    if os.geteuid() != 0:
        return Identity()
    owner = folder.stat().st_uid if folder.exists() else None
    candidates: list[Identity] = []
    if owner != 0:
        try:
            nobody = pwd.getpwnam("nobody")
            candidates.append(Identity(nobody.pw_uid, nobody.pw_gid))
        except KeyError:
            pass
    if owner in (None, 0):
        candidates.append(Identity(namespace=True))
    parent = folder.parent
    parent.mkdir(parents=True, exist_ok=True)
    command = f"cd {shlex.quote(str(parent))} && {shlex.join(map(str, probe))}"
    for identity in candidates:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                capture_output=True,
                cwd="/",
                timeout=20,
                check=False,
                preexec_fn=identity.enter,
                **identity.popen_arguments(),  # type: ignore[call-overload]
            )
            if done.returncode == 0:
                return identity
    raise StartError(
        f"PostgreSQL refuses to run as root, and nobody can't reach {folder} and {probe[0]}. Start Mixline as an "
        "ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
    )


@dataclass(slots=True)
class Child:
    """A supervised process.

    Attributes:
        name: For messages and the log file.
        command: Makes the command line anew for each start.
        ready: Returns once the process serves; raises as long as it does not.
        stop_signal: Asks for an orderly end.
        death_signal: Sent by the kernel when we die.
        grace_s: How long an orderly end may take before SIGKILL.
    """

    name: str
    command: Callable[[], Sequence[str | Path]]
    ready: Callable[[], Awaitable[object]]
    log_path: Path | None = None
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGTERM
    grace_s: float = 5.0
    ready_timeout_s: float = 120.0
    identity: Identity = field(default_factory=Identity)
    environment: Mapping[str, str] | None = None
    folder: str | Path = "/"
    process: subprocess.Popen[bytes] | None = None
    _watch: asyncio.Task[None] | None = None
    _log_file: LogFile | None = None

    def _spawn(self) -> subprocess.Popen[bytes]:
        def between_fork_and_exec() -> None:
            os.setsid()  # Ctrl-C at the terminal is for us; we end the children in order
            self.identity.enter()
            die_with_parent(self.death_signal)

        if self.log_path is not None and self._log_file is None:
            self._log_file = LogFile(self.log_path, get_settings().log_mib << 20)
        process = subprocess.Popen(
            [str(part) for part in self.command()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if self._log_file else None,
            stderr=subprocess.STDOUT if self._log_file else None,
            preexec_fn=between_fork_and_exec,
            env=None if self.environment is None else dict(self.environment),
            cwd=self.folder,
            **self.identity.popen_arguments(),  # type: ignore[call-overload]
        )
        if self._log_file is not None and process.stdout is not None:
            self._log_file.follow(process.stdout)
        return process

    async def start(self) -> None:
        """Start and wait until it is ready; one that ends at once, as after an unclean last run, starts again.

        Raises:
            StartError: It was not ready in time.
        """
        deadline = time.monotonic() + self.ready_timeout_s
        await self._start_until(deadline)
        self._watch = asyncio.create_task(self._keep_running(), name=f"watch {self.name}")

    async def _start_until(self, deadline: float) -> None:
        error: BaseException | None = None
        pause = 0.2
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                if self.process is not None:
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 2.0)
                self.process = self._spawn()
            try:
                await asyncio.wait_for(self.ready(), 5)
            except Exception as raised:  # noqa: BLE001 whatever "not yet" looks like to this client
                error = raised
                await asyncio.sleep(0.03)
            else:
                return
        tail = self._log_tail()
        await self.stop()
        raise StartError(f"{self.name} did not start within {self.ready_timeout_s:.0f} s ({error}){tail}")

    def _log_tail(self) -> str:
        if self.log_path is None or not self.log_path.exists():
            return ""
        lines = self.log_path.read_text(errors="replace").splitlines()[-5:]
        return f"; the end of {self.log_path}:\n  " + "\n  ".join(lines)

    async def _keep_running(self) -> None:
        pause = 0.2
        started = time.monotonic()
        while True:
            await asyncio.sleep(POLL_S)
            if self.process is None or (code := self.process.poll()) is None:
                continue
            if time.monotonic() - started > STEADY_S:
                pause = 0.2
            log.error("child_ended", child=self.name, exit_code=code, restart_in_s=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, BACK_OFF_LIMIT_S)
            started = time.monotonic()
            self.process = self._spawn()

    async def stop(self) -> None:
        """End it in order, by force after ``grace_s``."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        process = self.process
        if process is None:
            return
        deadline = time.monotonic() + self.grace_s
        if process.poll() is None:
            process.send_signal(self.stop_signal)
        while process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        if process.poll() is None:
            log.warning("child_killed", child=self.name, after_s=self.grace_s)
            process.kill()
        process.wait()
        if self._log_file is not None:
            await asyncio.to_thread(self._log_file.finish)
            self._log_file = None
        self.process = None
