"""Log files of servers: whole, private, and bounded."""

from __future__ import annotations

from pathlib import Path

from services.infra.log_files import KEPT, LogFile
from services.infra.process import Child

PRINT = "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; exec sleep 60"


async def printed(path: Path, max_bytes: int) -> None:
    """Run a child that prints 3,000 lines, and end it."""

    async def ready() -> None:
        if "line 2999" not in path.read_text():
            raise OSError("not yet")

    child = Child("printer", lambda: ["/bin/sh", "-c", PRINT], ready, path)
    child._log_file = LogFile(path, max_bytes)
    await child.start()
    await child.stop()


async def test_a_long_log_is_put_aside_and_no_line_is_lost_or_cut(tmp_path: Path) -> None:
    await printed(tmp_path / "log" / "server.log", 10_000)

    files = sorted((tmp_path / "log").iterdir(), key=lambda one: one.name, reverse=True)
    lines = [line for one in files for line in one.read_text().splitlines()]
    assert [one.name for one in files] == ["server.log.2", "server.log.1", "server.log"]
    assert lines == [f"line {number}" for number in range(3000)]
    assert all(one.stat().st_size <= 10_000 for one in files)


async def test_old_files_go(tmp_path: Path) -> None:
    await printed(tmp_path / "log" / "server.log", 1_000)

    assert len(list((tmp_path / "log").iterdir())) == KEPT + 1
    assert sum(one.stat().st_size for one in (tmp_path / "log").iterdir()) <= (KEPT + 1) * 1_000


async def test_folder_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    await printed(tmp_path / "log" / "server.log", 10_000)

    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in (tmp_path / "log").iterdir()} == {0o600}


async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text("before\n")
    path.chmod(0o644)

    file = LogFile(path, 10_000)
    file.finish()

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "before\n"


async def test_a_full_disk_does_not_stop_the_server(tmp_path: Path) -> None:
    """Everything that is written to /dev/full fails."""
    path = tmp_path / "server.log"
    path.symlink_to("/dev/full")
    done = tmp_path / "done"

    async def ready() -> None:
        if not done.exists():
            raise OSError("not yet")

    child = Child("printer", lambda: ["/bin/sh", "-c", f"seq 100000; touch {done}; exec sleep 60"], ready, path)
    await child.start()
    await child.stop()
