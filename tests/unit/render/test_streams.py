"""What another program prints, without secrets, however it cuts its lines."""

from __future__ import annotations

import io

import pytest

from brokle_migrate.redact import Redactor
from brokle_migrate.render.streams import HidingStream


@pytest.mark.parametrize(
    "written",
    [
        ["hunter22\n"],
        ["hunt", "er22", "\n"],
        ["a\nb hun", "ter22 c\n", "d"],
        ["hunter22"],
        ["\n", "\n", "x hunter22 y"],
    ],
)
def test_a_secret_in_pieces_is_hidden(written: list[str]) -> None:
    out = io.StringIO()
    stream = HidingStream(out, Redactor({"hunter22"}).hide_known)
    stream.writelines(written)
    stream.flush()
    assert out.getvalue() == "".join(written).replace("hunter22", "***")


def test_a_flush_passes_on_what_was_begun() -> None:
    out = io.StringIO()
    stream = HidingStream(out, str)
    assert stream.write("Generating …") == len("Generating …")
    assert out.getvalue() == ""
    stream.flush()
    assert out.getvalue() == "Generating …"
    stream.write(" done\n")
    assert out.getvalue() == "Generating … done\n"


def test_it_is_the_other_stream_in_everything_else(capfd: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    assert HidingStream(out, str).isatty() is False
    assert HidingStream(out, str).getvalue() == ""
