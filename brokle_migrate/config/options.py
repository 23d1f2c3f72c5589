"""Options of a ClickHouse URL: each has one meaning here, and a name of its own in each driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .schema import FLAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTHORITY, CERTIFICATE, KEY, PASSPHRASE = "ca_certs", "certfile", "keyfile", "keypass"
COMPRESSION = "compression"
HEADER = "header__"
"""What comes before the name of an HTTP header."""

# Other spellings of the same: clickhouse-connect's, requests', and libpq's.
_SPELLINGS = {
    "ca_cert": AUTHORITY,
    "sslrootcert": AUTHORITY,
    "client_cert": CERTIFICATE,
    "cert": CERTIFICATE,
    "sslcert": CERTIFICATE,
    "client_cert_key": KEY,
    "sslkey": KEY,
    "sslpassword": PASSPHRASE,
}
# clickhouse-driver's names are ours.
_NAMES = {
    "http": {AUTHORITY: "verify", CERTIFICATE: "cert"},
    "connect": {AUTHORITY: "ca_cert", CERTIFICATE: "client_cert", KEY: "client_cert_key"},
}


def ours(query: Mapping[str, str]) -> dict[str, str]:
    """The options under our names, however they are spelled.

    :param query: the options of a URL, decoded.
    """
    named = {_SPELLINGS.get(name, name): value for name, value in query.items()}
    if named.pop("skip_verify", "").lower() in {"1", "true"}:
        named["verify"] = "false"
    verify = named.pop("verify", "")
    if verify.lower() not in {"", *FLAGS}:  # requests takes a file there
        named.setdefault(AUTHORITY, verify)
    elif not FLAGS.get(verify.lower(), True):
        named["verify"] = "false"
    return named


def drivers(query: Mapping[str, str], driver: str) -> dict[str, str]:
    """The options under the names that a driver has for them.

    :param query: the options under our names.
    :param driver: ``native``, ``http`` or ``connect``.
    """
    names = _NAMES.get(driver, {})
    if "verify" in query:  # nobody's certificate is looked at
        names = {name: written for name, written in names.items() if written != "verify"}
    return {names.get(name, name): value for name, value in query.items()}
