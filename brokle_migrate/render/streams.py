"""What another program prints, passed on without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable


class HidingStream:
    """A text stream in front of another one; in everything else it is that one.

    Lines go through whole, so that a secret that is written in two pieces is recognised.

    :param stream: where it goes.
    :param hide: takes secrets out of a text.
    """

    def __init__(self, stream: TextIO, hide: Callable[[str], str]) -> None:
        self._stream = stream
        self._hide = hide
        self._begun = ""

    def write(self, text: str) -> int:
        """Pass on what is complete."""
        lines, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            self._stream.write(self._hide(lines) + newline)
        return len(text)

    def flush(self) -> None:
        """Pass on everything."""
        begun, self._begun = self._begun, ""
        if begun:
            self._stream.write(self._hide(begun))
        self._stream.flush()

    def writelines(self, lines: Any) -> None:
        """Pass on several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
