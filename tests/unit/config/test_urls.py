"""URLs as people write them."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from brokle_migrate.config import DatabaseUrl, parse_url
from brokle_migrate.config.url_text import mask, passwords
from brokle_migrate.errors import ConfigError

URLS = [
    # Postgres
    ("postgres://u:p@h:5432/db", "postgresql+psycopg://u:p@h:5432/db", "postgres://h:5432/db"),
    ("postgresql://h/db", "postgresql+psycopg://h/db", "postgres://h:5432/db"),
    ("  postgres://h/db\n", "postgresql+psycopg://h/db", "postgres://h:5432/db"),
    ("POSTGRES://h/db", "postgresql+psycopg://h/db", "postgres://h:5432/db"),
    ("pgx5://h/db", "postgresql+psycopg://h/db", "postgres://h:5432/db"),
    ("postgresql+psycopg2://h/db", "postgresql+psycopg2://h/db", "postgres://h:5432/db"),
    ("postgres+asyncpg://h/db", "postgresql+asyncpg://h/db", "postgres://h:5432/db"),
    (
        "postgres://u:p@h/db?sslmode=disable&x-migrations-table=m&application_name=a%20b",
        "postgresql+psycopg://u:p@h/db?sslmode=disable&application_name=a+b",
        "postgres://h:5432/db",
    ),
    (
        "postgres://h/ignored?user=u&password=p&dbname=db",
        "postgresql+psycopg://u:p@h/db",
        "postgres://h:5432/db",
    ),
    (
        "postgres://u@[::1]:5433/db",
        "postgresql+psycopg://u@[::1]:5433/db",
        "postgres://[::1]:5433/db",
    ),
    ("postgres://u@[::1]/db", "postgresql+psycopg://u@[::1]/db", "postgres://[::1]:5432/db"),
    (
        "postgres://u:p@h1:5432,h2:5433/db?target_session_attrs=read-write",
        "postgresql+psycopg://u:p@/db?target_session_attrs=read-write&host=h1%2Ch2&port=5432%2C5433",
        "postgres://h1:5432,h2:5433/db",
    ),
    (
        "postgres://h1,[::1]:5433/db",
        "postgresql+psycopg:///db?host=h1%2C%3A%3A1&port=5432%2C5433",
        "postgres://h1:5432,[::1]:5433/db",
    ),
    (
        "postgresql:///db?host=h1:1&host=h2:2",
        "postgresql+psycopg:///db?host=h1%2Ch2&port=1%2C2",
        "postgres://h1:1,h2:2/db",
    ),
    (
        "postgresql:///db?host=h1,h2&port=7",
        "postgresql+psycopg:///db?host=h1%2Ch2&port=7%2C7",
        "postgres://h1:7,h2:7/db",
    ),
    ("postgresql:///db?host=h&port=7", "postgresql+psycopg://h:7/db", "postgres://h:7/db"),
    ("postgres:///db", "postgresql+psycopg:///db", "postgres:///db"),
    (
        "postgresql+psycopg://postgres:@/db?host=/run/pg",
        "postgresql+psycopg://postgres:@/db?host=%2Frun%2Fpg",
        "postgres:///db?host=/run/pg",
    ),
    (
        "postgres://%2Frun%2Fpg:99/db",
        "postgresql+psycopg://:99/db?host=%2Frun%2Fpg",
        "postgres:///db?host=/run/pg",
    ),
    ("postgres://u@h/my%20db", "postgresql+psycopg://u@h/my db", "postgres://h:5432/my db"),
    ("postgres://h/", "postgresql+psycopg://h", "postgres://h:5432"),
    # ClickHouse: what decides is the scheme, then the port
    ("clickhouse://h", "clickhouse+native://h:9000", "clickhouse://h:9000"),
    (
        "clickhouse://h:9440/db",
        "clickhouse+native://h:9440/db?secure=true",
        "clickhouse://h:9440/db",
    ),
    ("clickhouse://h:8123", "clickhouse+http://default:@h:8123", "clickhouse://h:8123"),
    (
        "clickhouse://u:p@h:8443/db",
        "clickhouse+http://u:p@h:8443/db?protocol=https",
        "clickhouse://h:8443/db",
    ),
    ("clickhouse://h:19000", "clickhouse+native://h:19000", "clickhouse://h:19000"),
    ("clickhouse://h?secure=true", "clickhouse+native://h:9440?secure=true", "clickhouse://h:9440"),
    (
        "clickhouse://h:9440?secure=0",
        "clickhouse+native://h:9440?secure=false",
        "clickhouse://h:9440",
    ),
    (
        "http://h:8443?secure=no",
        "clickhouse+http://default:@h:8443?protocol=http",
        "clickhouse://h:8443",
    ),
    (
        "clickhouse://h/db?protocol=https",
        "clickhouse+http://default:@h:8443/db?protocol=https",
        "clickhouse://h:8443/db",
    ),
    ("clickhouses://h", "clickhouse+native://h:9440?secure=true", "clickhouse://h:9440"),
    ("tcp://u:p@h:9000/db", "clickhouse+native://u:p@h:9000/db", "clickhouse://h:9000/db"),
    ("http://h", "clickhouse+http://default:@h:8123", "clickhouse://h:8123"),
    ("http://h:9000", "clickhouse+http://default:@h:9000", "clickhouse://h:9000"),
    ("https://u@h", "clickhouse+http://u:@h:8443?protocol=https", "clickhouse://h:8443"),
    ("clickhouse+native://h:8123", "clickhouse+native://h:8123", "clickhouse://h:8123"),
    ("clickhouse+asynch://h", "clickhouse+native://h:9000", "clickhouse://h:9000"),
    ("clickhouse+http://h", "clickhouse+http://default:@h:8123", "clickhouse://h:8123"),
    (
        "clickhouse+https://h",
        "clickhouse+http://default:@h:8443?protocol=https",
        "clickhouse://h:8443",
    ),
    ("clickhousedb://u:p@h/db", "clickhousedb://u:p@h:8123/db", "clickhouse://h:8123/db"),
    (
        "clickhouse://h:9000?username=u&password=p%25&database=db&x-multi-statement=true",
        "clickhouse+native://u:p%25@h:9000/db",
        "clickhouse://h:9000/db",
    ),
    (
        "clickhouse://h?skip_verify=true&secure=true&compress=lz4&dial_timeout=5s&max_threads=2",
        "clickhouse+native://h:9440?max_threads=2&verify=false&secure=true",
        "clickhouse://h:9440",
    ),
    (
        "clickhousedb://h?secure=1&cert=c&sslkey=k&verify=/a&skip_verify=0",
        "clickhousedb://h:8443?client_cert=c&client_cert_key=k&ca_cert=%2Fa&secure=true",
        "clickhouse://h:8443",
    ),
    (
        "https://h?client_cert=c&client_cert_key=k&sslpassword=p&ca_cert=a&verify=yes",
        "clickhouse+http://default:@h:8443?cert=c&keyfile=k&keypass=p&verify=a&protocol=https",
        "clickhouse://h:8443",
    ),
    (
        "clickhouses://h?sslcert=c&client_cert_key=k&verify=/a&compression=lz4",
        "clickhouse+native://h:9440?certfile=c&keyfile=k&compression=lz4&ca_certs=%2Fa&secure=true",
        "clickhouse://h:9440",
    ),
    (
        "https://h?verify=no",
        "clickhouse+http://default:@h:8443?verify=false&protocol=https",
        "clickhouse://h:8443",
    ),
    (
        "clickhouse://h1:9000,h2:9001/db",
        "clickhouse+native://h1:9000/db?alt_hosts=h2%3A9001",
        "clickhouse://h1:9000/db",
    ),
    (
        "clickhouse://[::1]:9000/db",
        "clickhouse+native://[::1]:9000/db",
        "clickhouse://[::1]:9000/db",
    ),
    # embedded
    (
        "postgresql+embedded:///data",
        "postgresql+embedded:////base/data",
        "postgresql+embedded:////base/data",
    ),
    (
        "clickhouse+embedded:////a b/@x?database=metrics",
        "clickhouse+embedded:////a b/@x?database=metrics",
        "clickhouse+embedded:////a b/@x",
    ),
]


def read(text: str, backend: str | None = None) -> DatabaseUrl:
    return parse_url(text, source="here", backend=backend, directory=Path("/base"))


@pytest.mark.parametrize(("text", "rendered", "label"), URLS)
def test_what_a_url_means(text: str, rendered: str, label: str) -> None:
    url = read(text)
    assert url.render() == rendered
    assert url.label == label


@pytest.mark.parametrize("text", [text for text, *_ in URLS])
def test_the_rendered_url_means_the_same(text: str) -> None:
    url = read(text)
    again = read(url.render())
    if url.driver == "http":
        url = replace(url, user=url.user or "default", password=url.password or "")
    kept = {k: v for k, v in url.query.items() if k in again.query}
    assert again == replace(url, query=kept)


@pytest.mark.parametrize("text", [text for text, *_ in URLS])
def test_sqlalchemy_reads_the_same_parts(text: str) -> None:
    url = read(text)
    found = make_url(url.render())
    assert (found.password or None) == (url.password or None)
    if not url.embedded and "host" not in found.query:
        assert (found.host or "", found.port, found.database) == (url.host, url.port, url.database)


SPECIAL = [
    ("postgres://u:p@ss/w#rd?x@h:5432/db", "p@ss/w#rd?x"),
    ("postgres://u:p@ss@h/db", "p@ss"),
    ("postgres://u:p:s@h/db", "p:s"),
    ("postgres://u:p/w@h/db", "p/w"),
    ("postgres://u:p?w@h/db?sslmode=disable", "p?w"),
    ("postgres://u:p#w@h/db", "p#w"),
    ("postgres://u:p w@h/db", "p w"),
    ("postgres://u:100%@h/db", "100%"),
    ("postgres://u:%zz%41@h/db", "%zzA"),
    ("postgres://u:%FF@h/db", "%FF"),
    ("postgres://u:p%40ss@h/db", "p@ss"),
    ("postgres://u:a+b@h/db", "a+b"),
    ("postgres://u:[x]@h/db", "[x]"),
    ("postgres://u:@h/db", ""),
    ("postgres://u@h/db", None),
    ("postgres://me@corp:pw@h/db", "pw"),
    ("postgres://u:1234@h/db", "1234"),
    ("postgres://u:pw@h/db?application_name=me@home", "pw"),
    ("postgres://h/db?application_name=me@home", None),
    ("postgres://u:p@w/x@h1:1,h2:2/db", "p@w/x"),
    ("clickhouse://u:p@ss/word@h:9000/db", "p@ss/word"),
    ("https://u:ü€@h/db", "ü€"),
]


@pytest.mark.parametrize(("text", "password"), SPECIAL)
def test_special_characters_in_a_password(text: str, password: str | None) -> None:
    url = read(text)
    assert url.password == password
    assert url.host.startswith("h")
    assert url.database == "db"


@pytest.mark.parametrize(("text", "password"), SPECIAL)
def test_a_masked_url_has_no_password(text: str, password: str | None) -> None:
    shown = mask(text)
    if password is None:
        assert shown == text
        return
    assert ":***@h" in shown
    written = text.partition("://")[2].rpartition("@h")[0].partition(":")[2]
    if len(written) > 2:
        assert written not in shown


def test_secret_options_are_masked() -> None:
    url = "clickhouse://h:9000/db?username=u&password=hunter22&keypass=k3y&max_threads=2"
    assert mask(url) == ("clickhouse://h:9000/db?username=u&password=***&keypass=***&max_threads=2")
    assert sorted(set(passwords(url))) == ["hunter22", "k3y"]
    assert str(read(url)) == "clickhouse+native://u:***@h:9000/db?keypass=***&max_threads=2"


printable = st.text(st.sampled_from(string.printable), max_size=12)
unicode = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None)
@given(password=printable | unicode, user=st.sampled_from(["u", "me@corp", "a:b", "ü /"]))
@pytest.mark.parametrize(
    ("backend", "driver", "port"),
    [
        ("postgres", "psycopg", 5432),
        ("postgres", "asyncpg", None),
        ("clickhouse", "native", 9000),
        ("clickhouse", "http", 8123),
        ("clickhouse", "connect", 8123),
    ],
)
def test_every_password_comes_back(
    backend: str, driver: str, port: int | None, user: str, password: str
) -> None:
    url = DatabaseUrl(backend, driver, user, password, "h", port, "db", {"a": password or "x"})
    found = make_url(url.render())
    assert (found.username, found.password, found.host) == (user, password, "h")
    assert (found.port, found.database, found.query["a"]) == (port, "db", password or "x")
    assert read(url.render()) == url


@settings(deadline=None)
@given(password=st.text(st.sampled_from(string.ascii_letters + "@/?#:%&=+ "), min_size=1))
def test_an_unencoded_password_is_found_or_read_by_the_rules(password: str) -> None:
    text = f"postgres://u:{password}@host.example:5432/db"
    try:
        url = read(text)
    except ConfigError:
        assert password.startswith("@")  # by the rules the host is empty
        with pytest.raises(ConfigError, match="names no host"):
            read(text)
        return
    by_the_rules = "@" in password.replace("%", "") and url.host != "host.example"
    assert by_the_rules or url.host == "host.example"


BAD = [
    ("", "this can't be read as a URL"),
    ("localhost", "this can't be read as a URL"),
    ("host=localhost password=hunter22", "this can't be read as a URL"),
    ('"postgres://u:hunter22@h/db"', "this can't be read as a URL"),
    ("postgres://u:hunter22", "this can't be read as a URL"),
    ("postgers://u:hunter22@h/db", "unknown scheme 'postgers', did you mean 'postgres'?"),
    ("clickhose://u:hunter22@h/db", "unknown scheme 'clickhose', did you mean 'clickhouse'?"),
    ("mysql://u:hunter22@h/db", "unknown scheme 'mysql'"),
    ("postgres://", "the URL names no host"),
    ("postgres://u:hunter22@", "the URL names no host"),
    ("postgres://u:hunter22@:5432", "the URL names no host"),
    ("clickhouse:///db", "the URL names no host"),
    ("postgres://u:hunter22@h:0/db", "the port is not a number from 1 to 65535"),
    ("postgres://u:hunter22@h:99999/db", "the port is not a number from 1 to 65535"),
    ("postgres://u:hunter22@h:port/db", "the port is not a number from 1 to 65535"),
    ("postgres:///db?host=h1,h2&port=1,2,3", "2 hosts and 3 ports"),
    ("http://u:hunter22@h1,h2/db", "several hosts need the native protocol"),
    ("postgresql+embedded://data", "an embedded engine needs a directory after three slashes"),
    ("clickhouse+embedded:///", "an embedded engine needs a directory after three slashes"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_url_is_named_by_its_source(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value) == f"here: {message}"
    assert caught.value.hint
    assert "hunter22" not in f"{caught.value!r} {caught.value.hint}"


def test_a_flag_in_a_url_that_is_none() -> None:
    with pytest.raises(ConfigError, match=r"^here secure: 'maybe' is neither true nor false$"):
        read("clickhouse://h?secure=maybe")


@pytest.mark.parametrize(
    ("backend", "other"), [("postgres", "clickhouse"), ("clickhouse", "postgres")]
)
def test_a_url_for_the_other_database(backend: str, other: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(f"{other}://u:hunter22@h/db", backend)
    assert str(caught.value) == (
        f"here: this is a URL for {other}, and one for {backend} belongs here"
    )


def test_embedded() -> None:
    url = read("clickhouse+embedded:///data?database=metrics")
    assert (url.embedded, url.directory, url.database) == (True, Path("/base/data"), "metrics")
    assert (url.host, url.port, url.user) == ("", None, None)
    assert parse_url("clickhouse+embedded:///data", source="x").directory == Path("data")
    assert read("postgres://h/db").directory is None
    assert not read("postgres://h/db").embedded


def test_in_process_clickhouse_connect_needs_no_host() -> None:
    url = read("clickhousedb:///default?interface=chdb&path=/data")
    assert make_url(url.render()).query["path"] == "/data"


def test_another_driver_gets_its_own_options() -> None:
    asyncpg = read("postgresql+asyncpg://h/db?ssl=require&prepared_statement_cache_size=0")
    psycopg = asyncpg.with_driver("psycopg")
    assert psycopg.render() == "postgresql+psycopg://h/db?sslmode=require"
    assert psycopg.with_driver("asyncpg").render() == "postgresql+asyncpg://h/db?ssl=require"


@pytest.mark.parametrize(("port", "expected"), [(9440, 8443), (7000, 7000)])
def test_another_protocol_gets_its_own_port(port: int, expected: int) -> None:
    url = read(f"clickhouse://h:{port}?secure=true").with_driver("http")
    assert url.render() == f"clickhouse+http://default:@h:{expected}?protocol=https"


def test_secure() -> None:
    assert read("https://h").secure
    assert not read("http://h").secure


def test_urls_can_be_compared_and_hashed() -> None:
    assert read("postgres://h/db") == read("postgresql+psycopg://h/db")
    assert len({read("postgres://h/db"), read("postgres://h/db")}) == 1
