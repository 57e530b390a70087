"""ClickHouse: a synchronous client behind one thread, so that the event loop never waits for it.

``CLICKHOUSE_URL`` is either a server's address (``http://user:password@host:8123/database``) or ``chdb:///abs/path``:
the engine inside this process, on a folder that only one process may open at a time. The client is opened at the first
call and again after a failure.
"""

# pyright: reportUnknownMemberType=false
# The client types its open keyword arguments as unknown.
from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import clickhouse_connect
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from services.infra.errors import Unavailable
from services.infra.settings import get_settings

CONNECT_TIMEOUT_S = 2
ANSWER_TIMEOUT_S = 10

T = TypeVar("T")


class ClickHouse:
    """One database server or folder; every call runs in the same thread, one after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clickhouse")

    @property
    def embedded(self) -> bool:
        """Runs inside this process."""
        return self._url.startswith("chdb:")

    async def command(self, sql: str) -> None:
        """Run a statement that answers nothing."""
        await self._call(lambda client: client.command(sql))

    async def query(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return await self._call(lambda client: [tuple(row) for row in client.query(sql, parameters).result_rows])

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], token: str) -> None:
        """Insert ``rows`` as one block; the table drops a block whose ``token`` it has already taken."""
        settings = {"insert_deduplicate": 1, "insert_deduplication_token": token, "wait_for_async_insert": 1}
        await self._call(lambda client: client.insert(table, rows, column_names=columns, settings=settings))

    async def ping(self) -> None:
        """Return when it answers."""
        await self.query("SELECT 1")

    async def close(self) -> None:
        """Close the client; the next call opens it again."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._forget)

    async def _call(self, run: Callable[[Client], T]) -> T:
        """Run in the thread.

        Raises:
            Unavailable: It does not answer.
        """

        def in_thread() -> T:
            try:
                if self._client is None:
                    self._client = self._open()
                return run(self._client)
            except (ClickHouseError, OSError, RuntimeError) as error:
                self._forget()
                raise Unavailable("ClickHouse does not answer") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, in_thread)

    def _open(self) -> Client:
        if self.embedded:
            return clickhouse_connect.get_client(dsn=self._url)
        return clickhouse_connect.get_client(
            dsn=self._url,
            connect_timeout=CONNECT_TIMEOUT_S,
            send_receive_timeout=ANSWER_TIMEOUT_S,
            autogenerate_session_id=False,
            query_retries=0,
        )

    def _forget(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


@lru_cache(maxsize=1)
def clickhouse() -> ClickHouse:
    """The ClickHouse of this process.

    Raises:
        Unavailable: None is configured.
    """
    url = get_settings().clickhouse_url.get_secret_value()
    if not url:
        raise Unavailable("no ClickHouse is configured: start the product with ./mixline up or set CLICKHOUSE_URL")
    return ClickHouse(url)
