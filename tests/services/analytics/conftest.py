"""A real ClickHouse for the tests of the sink: the embedded server on a folder of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.infra import resilience
from services.infra.clickhouse import ClickHouse
from services.infra.embedded import Servers


class Server:
    """A ClickHouse that a test may stop and start again; its address changes, its data stay."""

    def __init__(self, folder: Path) -> None:
        self._servers = Servers(folder, durable=False)
        self.url = ""

    async def start(self) -> ClickHouse:
        """The client of the started server."""
        self.url = (await self._servers.start())["CLICKHOUSE_URL"]
        return ClickHouse(self.url)

    async def stop(self) -> None:
        """End it; its data stay."""
        await self._servers.stop()


@pytest.fixture(scope="session")
async def clickhouse_server(
    server_urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    """The other servers of the run are named in the environment, so this one starts ClickHouse alone."""
    server = Server(tmp_path_factory.mktemp("clickhouse"))
    yield server
    await server.stop()


@pytest.fixture
async def clickhouse(clickhouse_server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClickHouse]:
    """A client on an empty server, with a closed breaker."""
    monkeypatch.setattr(resilience, "_breakers", {})
    await clickhouse_server.stop()
    client = await clickhouse_server.start()
    for name, kind in (("mixline_decision", "VIEW"), ("mixline_event", "TABLE")):
        await client.command(f"DROP {kind} IF EXISTS {name}")
    yield client
    await client.close()
