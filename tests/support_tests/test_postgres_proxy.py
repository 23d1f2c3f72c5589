"""The proxy passes everything on, and holds, drops and freezes only what a test asks it to."""

from __future__ import annotations

import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support.postgres import libpq_url
from tests.support.postgres_proxy import PostgresProxy
from tests.support.postgres_wire import GOODBYE
from tests.support.process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.project import Project

CREATE = "CREATE TABLE t (id int)"


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[PostgresProxy]:
    with PostgresProxy(postgres_url) as proxy:
        yield proxy


@pytest.fixture
def url(proxy: PostgresProxy, postgres_url: str) -> str:
    return libpq_url(proxy.url(postgres_url))


def tables(postgres_url: str) -> list[Any]:
    with psycopg.connect(libpq_url(postgres_url)) as connection:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return [name for (name,) in connection.execute(query)]


def in_background(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run something on a thread; what it returned or raised."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except psycopg.Error as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, outcome


def create(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(CREATE)
    return "done"


def test_everything_passes(proxy: PostgresProxy, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(CREATE)
        for number in range(12):  # from the fifth on it is a prepared statement
            connection.execute("INSERT INTO t VALUES (%s)", [number])
        with connection.cursor().copy("COPY t FROM STDIN") as copy:
            copy.write_row((99,))
        with connection.pipeline():
            results = [connection.execute("SELECT %s::int", [n]) for n in range(3)]
        assert [r.fetchone() for r in results] == [(0,), (1,), (2,)]
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (13,)
    texts = proxy.texts()
    assert texts.count("INSERT INTO t VALUES ($1)") == 12
    assert texts[:2] == ["BEGIN", CREATE]
    wait_until(lambda: proxy.texts()[-2:] == ["COMMIT", GOODBYE], 5, "the goodbye is noted")


def test_errors_pass_too(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT %s FROM nowhere", [1])
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_request_to_cancel_reaches_the_server(proxy: PostgresProxy, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        fault = proxy.fault("pg_sleep", action="delay", when="after")
        thread, outcome = in_background(lambda: connection.execute("SELECT pg_sleep(60)"))
        fault.wait()
        wait_until(lambda: connection.cancel_safe() is None and not thread.is_alive(), 20, "ends")
        assert isinstance(outcome[0], psycopg.errors.QueryCanceled)


@pytest.mark.parametrize(("when", "held"), [("before", []), ("after", ["t"])])
@pytest.mark.parametrize("then", ["continue", "drop"])
def test_a_statement_is_held(
    proxy: PostgresProxy, url: str, postgres_url: str, when: str, held: list[str], then: str
) -> None:
    fault = proxy.fault("^CREATE TABLE", when=when)
    thread, outcome = in_background(lambda: create(url))
    fault.wait()
    assert tables(postgres_url) == held
    fault.release(then)
    thread.join()
    assert (outcome == ["done"]) is (then == "continue")
    assert tables(postgres_url) == (["t"] if then == "continue" else held)


@pytest.mark.parametrize(("when", "left"), [("before", []), ("after", ["t"])])
def test_a_connection_is_dropped(
    proxy: PostgresProxy, url: str, postgres_url: str, when: str, left: list[str]
) -> None:
    proxy.fault("^COMMIT", when=when, action="drop")
    with pytest.raises(psycopg.OperationalError), psycopg.connect(url) as connection:
        connection.execute(CREATE)
    assert tables(postgres_url) == left


@pytest.mark.parametrize(("when", "left"), [("before", []), ("after", ["t"])])
def test_a_connection_is_frozen(
    proxy: PostgresProxy, url: str, postgres_url: str, when: str, left: list[str]
) -> None:
    fault = proxy.fault("^CREATE", when=when, action="freeze")
    thread, outcome = in_background(lambda: create(url))
    fault.wait()
    assert (tables(postgres_url), thread.is_alive()) == (left, True)
    proxy.reset()
    thread.join()
    assert isinstance(outcome[0], psycopg.OperationalError)


def test_the_end_of_a_session_is_held(proxy: PostgresProxy, url: str) -> None:
    key = 4711
    with psycopg.connect(url, autocommit=True) as other:
        fault = proxy.fault(GOODBYE.replace("(", r"\(").replace(")", r"\)"))
        with psycopg.connect(url, autocommit=True) as holder:
            holder.execute("SELECT pg_advisory_lock(%s)", [key])
        fault.wait()
        take = "SELECT pg_try_advisory_lock(%s)"
        assert other.execute(take, [key]).fetchone() == (False,)
        fault.release()
        wait_until(lambda: other.execute(take, [key]).fetchone() == (True,), 5, "it is free")
        proxy.faults.clear()


def test_a_server_that_is_down_is_no_server(proxy: PostgresProxy, postgres_url: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"postgresql://x@127.0.0.1:{unused.getsockname()[1]}/x"
        with PostgresProxy(dead) as nowhere, pytest.raises(psycopg.OperationalError):
            psycopg.connect(libpq_url(nowhere.url(dead)))


def test_a_client_that_is_killed_leaves_the_server(
    project: Project, proxy: PostgresProxy, postgres_url: str
) -> None:
    path = project.path / "alembic.ini"
    path.write_text(path.read_text().replace(postgres_url, proxy.url(postgres_url)))
    project.add_revision("1", CREATE)
    fault = proxy.fault("^CREATE TABLE t", when="after")
    with project.start("up", "--db", "postgres") as run:
        fault.wait()
        assert run.kill().code == -signal.SIGKILL
        fault.release()
    with psycopg.connect(libpq_url(postgres_url), autocommit=True) as admin:
        count = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        wait_until(lambda: admin.execute(count).fetchone() == (0,), 10, "the session is gone")
    assert tables(postgres_url) == []
    assert project.run("up", "--db", "postgres").code == 0
