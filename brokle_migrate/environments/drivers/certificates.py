"""The files of an encrypted connection, looked at before anybody is spoken to.

Without that, a key with a passphrase would be asked for on the terminal, and a file that isn't
there would look like a server that isn't.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...config import options
from ...errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...config import DatabaseUrl

_FILES = {
    options.AUTHORITY: "the certificate of the authority",
    options.CERTIFICATE: "the client's certificate",
    options.KEY: "the client's key",
}
# clickhouse-connect's word for the authorities that come with Python's certifi.
_BUNDLED = "certifi"


def require_certificates(url: DatabaseUrl) -> None:
    """Make sure that the certificates and keys that a URL names can be used.

    :raises ConfigError: one can't; nothing was sent to anybody.
    """
    named = {name: value for name, value in url.query.items() if name in _FILES}
    if options.KEY in named and options.CERTIFICATE not in named:
        raise ConfigError(
            f"the ClickHouse URL has {options.KEY}= without {options.CERTIFICATE}=",
            hint=f"{options.CERTIFICATE}=FILE names the certificate that the key belongs to",
        )
    if options.CERTIFICATE in named and not url.secure:
        raise ConfigError(
            f"the ClickHouse URL has {options.CERTIFICATE}=, but the connection is not encrypted",
            hint="write secure=true, and the port for encrypted connections (9440 or 8443)",
        )
    for name, path in named.items():
        if path != _BUNDLED:
            _require_file(name, path)
    if named.get(options.AUTHORITY, _BUNDLED) != _BUNDLED:
        _require_authority(named[options.AUTHORITY])
    if options.CERTIFICATE in named:
        _require_pair(named, url.query.get(options.PASSPHRASE))


def _require_file(name: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise ConfigError(
            f"{_FILES[name]} can't be read: {path}: {error.strerror}",
            hint=f"{name}= in the ClickHouse URL names it; a relative path starts at {Path.cwd()}",
        ) from error


def _require_authority(path: str) -> None:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"{_FILES[options.AUTHORITY]} is none: {path} holds no certificate",
            hint="a PEM file is wanted, with -----BEGIN CERTIFICATE----- in it",
        ) from error


def _require_pair(named: Mapping[str, str], passphrase: str | None) -> None:
    """Load certificate and key as the connection will."""
    import ssl

    certificate, key = named[options.CERTIFICATE], named.get(options.KEY)
    asked = False

    def answer() -> str:
        nonlocal asked
        asked = True
        return passphrase or ""

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, answer)
    except (ssl.SSLError, ValueError) as error:
        if asked:
            raise _locked(key or certificate, passphrase) from error
        raise _unfit(certificate, key, error) from error


def _locked(key: str, passphrase: str | None) -> ConfigError:
    if not passphrase:
        return ConfigError(
            f"{_FILES[options.KEY]} is encrypted, and there is no passphrase: {key}",
            hint=f"{options.PASSPHRASE}=… in the ClickHouse URL",
        )
    return ConfigError(
        f"{_FILES[options.KEY]} does not open with the passphrase that is given: {key}",
        hint=f"look at {options.PASSPHRASE}= in the ClickHouse URL",
    )


def _unfit(certificate: str, key: str | None, error: Exception) -> ConfigError:
    if "MISMATCH" in str(error):
        return ConfigError(
            f"the key {key or 'in it'} does not belong to the client's certificate {certificate}",
            hint=f"{options.CERTIFICATE}= and {options.KEY}= in the ClickHouse URL have to be a"
            " pair; a chain starts with the client's own certificate",
        )
    files = certificate if key is None else f"{certificate} and {key}"
    return ConfigError(
        f"no certificate with its key can be read from {files}",
        hint=f"PEM files are wanted; a key in a file of its own is {options.KEY}=FILE",
    )
