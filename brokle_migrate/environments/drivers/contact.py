"""Why a first contact failed, and what to do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...config import options
from ...errors import DatabaseUnreachable, NotAllowed
from ..clickhouse_grants import DATABASE_ACCESS_DENIED, NOT_ALLOWED, advice
from .base import UNKNOWN_DATABASE, ConnectionLost, ServerError

if TYPE_CHECKING:
    from ...config import DatabaseUrl
    from ...errors import MigrateError

# What OpenSSL says when the other side wants another certificate, or any: the words of TLS 1.3 and
# of older versions (RFC 8446, 6.2).
_DEMANDED = ("certificate required", "handshake failure")
_REFUSED = ("alert unknown ca", "alert bad certificate", "alert certificate")
# Old servers hang up instead; but so does a proxy whose server isn't there.
_HUNG_UP = ("eof occurred in violation of protocol", "unexpected eof")

# Unauthorized, Forbidden, Proxy Authentication Required (RFC 9110, 15.5), as the clients put it.
_WHO_ASKS = re.compile(r"HTTP (?:status )?(?:401|403|407)\b")
_USUAL = "is the server running, and are host and port right?"
# How ClickHouse 18.16 greets, over the native protocol, who may not use the database.
_CLOSED = (
    f"{_USUAL} If they are, may the user use this database (<allow_databases> in the server's "
    "users.xml)?"
)


def unreachable(
    url: DatabaseUrl, error: ServerError | ConnectionLost, cluster: str | None = None
) -> MigrateError:
    """The error for a question that got no answer, or was refused.

    :param cluster: whose servers all have to know of a grant.
    """
    message = f"ClickHouse at {url.label} does not answer: {error}"
    if isinstance(error, ConnectionLost):
        refusal = _of_certificates(url, error) or _of_a_proxy(error)
        hint = refusal or _perhaps(url, error) or _USUAL
        return DatabaseUnreachable(message, hint=hint, refused=refusal is not None)
    message = f"ClickHouse at {url.label} refused the connection: {error}"
    if error.code == UNKNOWN_DATABASE:
        hint = f"create it: clickhouse-client --query 'CREATE DATABASE {url.database}'"
        return DatabaseUnreachable(message, hint=hint, refused=True)
    if error.code not in NOT_ALLOWED:
        return DatabaseUnreachable(message, hint="check user, password and grants", refused=True)
    granting = advice(error, cluster)
    if error.code == DATABASE_ACCESS_DENIED:
        return DatabaseUnreachable(message, hint=granting, refused=True)
    return NotAllowed(f"ClickHouse at {url.label} refused: {error}", hint=granting)


def _of_certificates(url: DatabaseUrl, error: ConnectionLost) -> str | None:
    """What to do about an encrypted connection that one of both sides does not trust."""
    own = url.query.get(options.CERTIFICATE)
    if own is None and _says(error, _DEMANDED):
        return (
            "the server demands a certificate of the client: "
            f"{options.CERTIFICATE}=FILE&{options.KEY}=FILE in the URL"
        )
    if own is not None and _says(error, (*_DEMANDED, *_REFUSED)):
        return (
            f"the server does not accept the client's certificate {own}: did an authority sign it"
            " that the server knows, and is it still valid?"
        )
    if not _says(error, ("certificate",)):
        return None
    return (
        "give the authority that signed the server's certificate: "
        f"{options.AUTHORITY}=FILE in the URL; and the host by the name that the certificate is for"
    )


def _of_a_proxy(error: ConnectionLost) -> str | None:
    """What to do about an answer that is not ClickHouse's."""
    if not _WHO_ASKS.search(str(error)):
        return None
    return (
        "something before the server wants to know who asks: put the headers that it wants into"
        " clickhouse.headers or CLICKHOUSE_HEADERS, as Name: value"
    )


def _perhaps(url: DatabaseUrl, error: ConnectionLost) -> str | None:
    """What a connection that was closed without a word may mean."""
    if not _says(error, _HUNG_UP):
        return None
    if not url.secure:
        return _CLOSED
    own = url.query.get(options.CERTIFICATE)
    if own is not None:
        return f"does the server know the authority that signed the client's certificate {own}?"
    return (
        "is the server running? it may also demand a certificate of the client: "
        f"{options.CERTIFICATE}=FILE&{options.KEY}=FILE in the URL"
    )


def _says(error: ConnectionLost, words: tuple[str, ...]) -> bool:
    said = str(error).lower().replace("_", " ")
    return any(one in said for one in words)
