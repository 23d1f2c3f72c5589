"""Secrets in ``CREATE`` statements: what servers from 23.1 on show as ``[HIDDEN]``, older ones do
not.

https://clickhouse.com/docs/operations/settings/settings#format_display_secrets_in_show_and_select
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..redact import SECRET_NAME
from .editing import Tokens, edited

if TYPE_CHECKING:
    from collections.abc import Collection

    from .editing import Bracket, Token

HIDDEN = "'[HIDDEN]'"

# Table engines and functions that take secrets by position: the numbers of those arguments.
_POSITIONS = {
    "AZUREBLOBSTORAGE": (0, 4),
    "MONGODB": (4,),
    "MYSQL": (4,),
    "POSTGRESQL": (4,),
    "REDIS": (2,),
    "REMOTE": (4, 5),
    "REMOTESECURE": (4, 5),
}
_OBJECT_STORES = re.compile(r"(?:S3|COSN|GCS|OSS|DELTALAKE|HUDI|ICEBERG)(?:S3|QUEUE|CLUSTER)*$")
_ADDRESSES = frozenset(("HDFS", "JDBC", "ODBC", "URL", "URLCLUSTER"))
_CIPHERS = re.compile(r"(?:AES_|TRY)?(?:EN|DE)CRYPT(?:_MYSQL)?$")
# The second argument of an object store is either a key id or the format of the files.
_FORMAT = re.compile(
    r"auto$|NOSIGN$|(?:Arrow|Avro|BSON|CSV|CapnProto|Custom|DWARF|Form|HiveText|JSON|LineAsString"
    r"|Markdown|MsgPack|MySQLDump|Native|Npy|ORC|One|Parquet|Pretty|Prometheus|Protobuf|Raw|Regexp"
    r"|RowBinary|SQLInsert|TSKV|TSV|TabSeparated|Template|Values|Vertical|XML)\w*$"
)
_USERINFO = re.compile(r"(?<=://)([^\s:/?#@']*):[^\s@']+@")
_CONNECTION_STRING = re.compile(
    r"\b(\w*(?:password|passwd|pwd|AccountKey|SharedAccessSignature)\s*=)[^;'&]+", re.IGNORECASE
)


def hide_secrets(text: str, known: Collection[str] = ()) -> str:
    """A statement with ``'[HIDDEN]'`` in the place of each secret.

    :param known: strings that are secrets wherever they stand.
    :raises LexError: the text can't be read.
    """
    tokens = Tokens(text)
    edits = []
    for index, around in tokens.walk():
        token = tokens.at(index)
        if token.is_literal:
            shown = HIDDEN if token.name in known else _shown(tokens, index, around)
            edits.append((token.start, token.end, shown))
    return edited(text, edits)


def _shown(tokens: Tokens, index: int, around: list[Bracket]) -> str:
    """A string as it may be shown."""
    text = tokens.at(index).text
    is_source = any(bracket.call == "SOURCE" for bracket in around)
    if not (is_source or _takes_secrets(around[-1]) or _is_setting(tokens, index)):
        return text
    before = tokens.at(index - 1)
    if before.text in {"(", ","}:
        is_secret = not is_source and _is_secret_argument(tokens, index, around[-1])
    else:
        is_secret = _is_secret_key(tokens.at(index - 2) if before.text == "=" else before, around)
    if is_secret:
        return HIDDEN
    return _CONNECTION_STRING.sub(r"\1[HIDDEN]", _USERINFO.sub(r"\1:[HIDDEN]@", text))


def _takes_secrets(inner: Bracket) -> bool:
    """Whether these are the arguments of something that connects, or of a cipher."""
    call = inner.call
    known = call in _POSITIONS or call in _ADDRESSES
    return known or inner.is_engine or bool(_OBJECT_STORES.match(call) or _CIPHERS.match(call))


def _is_setting(tokens: Tokens, index: int) -> bool:
    """Whether this is the value of one of the settings behind ``SETTINGS``."""
    key = index - 2
    while tokens.at(key + 1).text == "=":
        if tokens.at(key - 1).word == "SETTINGS":
            return True
        key -= 4  # name = value ,
    return False


def _is_secret_key(key: Token, around: list[Bracket]) -> bool:
    """Whether what stands behind this word is a secret."""
    if key.word == "VALUE":
        return any(bracket.call in {"HEADER", "HEADERS"} for bracket in around)
    return bool(SECRET_NAME.search(key.name))


def _is_secret_argument(tokens: Tokens, index: int, inner: Bracket) -> bool:
    """Whether a string is a secret by its position."""
    call, number = inner.call, inner.argument
    if _OBJECT_STORES.match(call):
        return _is_store_secret(tokens, index, number)
    if _CIPHERS.match(call):
        return number in {1, 2}
    if (call, number) == ("AZUREBLOBSTORAGE", 0):  # an address, or a connection string
        return "=" in tokens.at(index).name
    return number in _POSITIONS.get(call, ())


def _is_store_secret(tokens: Tokens, index: int, number: int) -> bool:
    """Whether a string is the secret of a key, or the token of a session."""
    if number not in {2, 3}:
        return False
    second = tokens.at(index - 2 * (number - 1)).name  # the arguments are single tokens
    is_format = number == 3 and _FORMAT.match(tokens.at(index).name)
    return not (_FORMAT.match(second) or is_format)
