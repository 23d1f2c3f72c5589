"""A look into ClickHouse that owes nothing to the product: HTTP and the standard library."""

from __future__ import annotations

import base64
import http.client
import json
import re
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

TIMEOUT = 60.0


class QueryFailed(Exception):
    """The server answered with an error.

    :ivar code: ClickHouse's number, 0 when there was none.
    """

    def __init__(self, text: str) -> None:
        found = re.search(r"Code: (\d+)", text)
        self.code = int(found[1]) if found else 0
        super().__init__(text.strip())


def http_query(url: str, sql: str, **settings: object) -> list[tuple[Any, ...]]:
    """Run one statement.

    :param url: ``http://user:password@host:port/database``, also in SQLAlchemy's spelling.
    :param settings: further URL parameters: ``query_id``, or any server setting.
    :return: the rows; numbers come as numbers, everything without a result as no rows.
    :raises QueryFailed: the server refused it.
    """
    parts = urlsplit(url)
    options = {
        "database": unquote(parts.path.lstrip("/")) or "default",
        "default_format": "JSONCompact",
        "output_format_json_quote_64bit_integers": 0,
        **settings,
    }
    secret = f"{unquote(parts.username or 'default')}:{unquote(parts.password or '')}"
    headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", f"/?{urlencode(options)}", sql.encode(), headers)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise QueryFailed(body.decode(errors="replace"))
    return [tuple(row) for row in json.loads(body)["data"]] if body.strip() else []
