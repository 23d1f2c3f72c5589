"""What others print and log while we are at work, without secrets.

The words of ``env.py``, of revisions and of libraries do not pass a renderer: they are written to
the standard streams, or logged.  A veil lies over both for as long as a command, or a run of
``env.py``, takes; afterwards everything is as it was.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Hide = Callable[[str], str]


class Veil(io.TextIOBase):
    """A stream without secrets.

    A line is handed on when it is whole, because a secret may be written in pieces; the rest of
    one when the stream is flushed.

    :param stream: where to write.
    :param hide: takes secrets out of a text.
    """

    def __init__(self, stream: TextIO, hide: Hide) -> None:
        self._stream = stream
        self._hide = hide
        self._rest = ""
        self._alone = threading.RLock()

    def write(self, text: str) -> int:
        """Write text."""
        with self._alone:
            lines, end, self._rest = (self._rest + text).rpartition("\n")
            if end:
                self._stream.write(self._hide(lines) + end)
        return len(text)

    def flush(self) -> None:
        """Write out what is held back."""
        with self._alone:
            rest, self._rest = self._rest, ""
            if rest:
                self._stream.write(self._hide(rest))
            self._stream.flush()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """How the stream writes what its encoding does not have."""
        return getattr(self._stream, "errors", None)

    def isatty(self) -> bool:
        """Whether somebody is looking."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's descriptor."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def close(self) -> None:
        """The stream is somebody else's, and stays open."""


@contextmanager
def veiled(hide: Hide) -> Iterator[None]:
    """No secrets on the standard streams and in the log of this process.

    Who took a stream before, as a renderer has, writes to it without a veil.
    """
    before = sys.stdout, sys.stderr
    veils = tuple(None if stream is None else Veil(stream, hide) for stream in before)
    sys.stdout, sys.stderr = (cast("TextIO", each) for each in veils)
    try:
        with veiled_log(hide):
            yield
    finally:
        sys.stdout, sys.stderr = before
        for veil in filter(None, veils):
            _flush(veil)


def _flush(veil: Veil) -> None:
    try:
        veil.flush()
    except (OSError, ValueError):  # nobody reads it any more, or it is closed
        return


@contextmanager
def veiled_log(hide: Hide, *, thread: int | None = None) -> Iterator[None]:
    """No secrets in what is logged, whatever handlers it reaches.

    A record that has no secret in it stays as it is.

    :param thread: the only one whose records are looked at, by ``threading.get_ident``; all of
        them when left out.
    """
    before = logging.getLogRecordFactory()
    over = threading.Event()

    def factory(*arguments: object, **options: object) -> logging.LogRecord:
        record: logging.LogRecord = before(*arguments, **options)
        if not over.is_set() and thread in {None, threading.get_ident()}:
            _hide_record(record, hide)
        return record

    logging.setLogRecordFactory(factory)
    try:
        yield
    finally:
        over.set()  # somebody may have put a factory of their own around ours
        if logging.getLogRecordFactory() is factory:
            logging.setLogRecordFactory(before)


def _hide_record(record: logging.LogRecord, hide: Hide) -> None:
    try:
        message = record.getMessage()
    except Exception:
        record.msg, record.args = hide(str(record.msg)), ()
        message = record.msg
    hidden = hide(message)
    if hidden != message:
        record.msg, record.args = hidden, ()
    if record.exc_info and record.exc_info[0] is not None:
        trace = logging.Formatter().formatException(record.exc_info)
        hidden = hide(trace)
        if hidden != trace:
            record.exc_text, record.exc_info = hidden, None
