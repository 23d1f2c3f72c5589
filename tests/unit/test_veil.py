"""What others print and log while we are at work."""

from __future__ import annotations

import io
import logging
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.redact import Redactor
from brokle_migrate.veil import Veil, veiled, veiled_log

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "hunter22/%s"
hide = Redactor([SECRET]).hide


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, list[str]]]:
    """A logger, and the lines that its handler writes."""
    stream = io.StringIO()
    logger = logging.getLogger("tests.veil")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.propagate = False
    lines: list[str] = []
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    yield logger, lines
    logger.removeHandler(handler)


def test_a_secret_in_pieces() -> None:
    stream = io.StringIO()
    veil = Veil(stream, hide)
    for piece in ("pass", "word is hun", "ter22/%s!\nand"):
        veil.write(piece)
    assert stream.getvalue() == "password is ***!\n"
    veil.flush()
    assert stream.getvalue() == "password is ***!\nand"


def test_the_streams_are_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with veiled(hide):
        print(f"out {SECRET}", end="")
        print(f"err {SECRET}", file=sys.stderr)
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("out ***", "err ***\n")


def test_a_stream_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", closed)
    with veiled(hide):
        assert sys.stdout is None
        sys.stderr.write("rest")
        closed.close()
    assert sys.stderr is closed


def test_what_is_logged(log: tuple[logging.Logger, list[str]]) -> None:
    logger, lines = log
    with veiled_log(hide):
        logger.warning("at %s", SECRET)
        logger.warning({"url": SECRET})
        logger.warning("%d", SECRET)
        logger.warning("no secret in %s", "this")
        try:
            {}[SECRET]
        except KeyError:
            logger.exception("failed")
    assert SECRET not in "\n".join(lines)
    assert lines[:4] == ["at ***", "{'url': '***'}", "%d", "no secret in this"]
    assert lines[4].endswith("KeyError: '***'")


def test_a_record_without_a_secret_stays_as_it_is() -> None:
    with veiled_log(hide):
        record = logging.getLogRecordFactory()("n", 10, "p", 1, "%s and %s", ("a", "b"), None)
    assert (record.msg, record.args) == ("%s and %s", ("a", "b"))


def test_afterwards_the_log_is_as_it_was(log: tuple[logging.Logger, list[str]]) -> None:
    logger, lines = log
    before = logging.getLogRecordFactory()
    with veiled_log(hide):
        ours = logging.getLogRecordFactory()
        assert ours is not before
    assert logging.getLogRecordFactory() is before
    logging.setLogRecordFactory(ours)  # as somebody has it who put a factory around ours
    try:
        logger.warning(SECRET)
    finally:
        logging.setLogRecordFactory(before)
    assert lines == [SECRET]


def test_a_factory_of_somebody_else_stays() -> None:
    before = logging.getLogRecordFactory()

    def theirs(*arguments: object, **options: object) -> logging.LogRecord:
        return before(*arguments, **options)

    try:
        with veiled_log(hide):
            logging.setLogRecordFactory(theirs)
        assert logging.getLogRecordFactory() is theirs
    finally:
        logging.setLogRecordFactory(before)


def test_other_threads_are_left_alone(log: tuple[logging.Logger, list[str]]) -> None:
    logger, lines = log
    with veiled_log(hide, thread=threading.get_ident()):
        other = threading.Thread(target=logger.warning, args=(SECRET,))
        other.start()
        other.join()
        logger.warning(SECRET)
    assert lines == [SECRET, "***"]
