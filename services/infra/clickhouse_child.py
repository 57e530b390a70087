"""A ClickHouse HTTP server out of the ``chdb`` package: ``python clickhouse_child.py FOLDER``.

chdb is ClickHouse as a library. Its query function runs ``clickhouse-local``, which reads ``config.xml`` in the current
folder and knows ``SYSTEM START LISTEN HTTP``: ClickHouse's own HTTP handler, with users and a password. The server
lives as long as the statement behind it sleeps. Kill it to stop: MergeTree parts are written whole or not at all.
"""

# pyright: reportAttributeAccessIssue=false
# The stubs of the compiled module name only a part of it.
import os
import signal
import sys

os.chdir("/")  # importing chdb opens a connection, which must not see the config.xml
from chdb import _chdb  # noqa: E402

_chdb.set_signal_handlers_enabled(False)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
os.chdir(sys.argv[1])
_chdb.query(
    "SYSTEM START LISTEN HTTP;"
    "SELECT sum(sleepEachRow(1)) FROM (SELECT number FROM system.numbers) SETTINGS max_block_size = 1",
    "TabSeparated",
    path=f"{sys.argv[1]}/data",
)
sys.exit("the server ended by itself")
