"""The ClickHouse history in a bare loop: each statement, and one row into a MergeTree table.

Arguments: SQLAlchemy's URL, and how many.  The client is the one under clickhouse-sqlalchemy:
clickhouse-driver for the native protocol, a requests session for HTTP.
"""

import sys
from collections.abc import Callable
from urllib.parse import urlsplit

LEDGER = "CREATE TABLE ledger (version UInt64) ENGINE = MergeTree ORDER BY version"
STATEMENT = "CREATE TABLE table_{} (id UInt64) ENGINE = MergeTree ORDER BY id"

Execute = Callable[[str], object]
Insert = Callable[[int], object]


def native(url: str) -> tuple[Execute, Insert]:
    """How to execute, and how to insert a version, over the native protocol."""
    from clickhouse_driver import Client

    client = Client.from_url(url.replace("clickhouse+native://", "clickhouse://"))
    return client.execute, lambda n: client.execute("INSERT INTO ledger VALUES", [(n,)])


def http(url: str) -> tuple[Execute, Insert]:
    """The same over HTTP."""
    import requests

    parts = urlsplit(url)
    session = requests.Session()
    address = f"http://{parts.hostname}:{parts.port}/?database={parts.path.strip('/')}"

    def execute(sql: str) -> None:
        session.post(address, data=sql).raise_for_status()

    return execute, lambda n: execute(f"INSERT INTO ledger VALUES ({n})")


def main(url: str, size: int) -> None:
    """Run everything."""
    execute, insert = (native if url.startswith("clickhouse+native") else http)(url)
    execute(LEDGER)
    for number in range(size):
        execute(STATEMENT.format(number))
        insert(number)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
