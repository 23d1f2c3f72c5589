"""Takes secrets out of text: the one place through which all output passes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .spellings import disguises

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

HIDDEN = "***"

SECRET_NAME = re.compile(r"pass|pwd|secret|token|credential|^header__", re.IGNORECASE)
"""Names of options whose values are secret."""

# Hiding these would garble every message and protect nobody.
_COMMON = frozenset({"postgres", "clickhouse", "default", "password", "root", "admin", "brokle"})
_SHORTEST = 4

# The password of a URL ends at the last @ before the path.  One with an unencoded slash or question
# mark ends at the first @ after it; what begins like a port and a path is no password.
_USERINFO = re.compile(
    r"(?P<user>[A-Za-z][A-Za-z0-9+.-]*://[^\s:/?#@]*):"
    r"(?:[^\s/?#\"']*|(?!\d{1,5}[/?])[^\s@]*)@"
)
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_OPTION = re.compile(
    r"(?P<name>\b[\w-]*(?:password|passwd|pwd))"
    rf"(?:(?P<spaced>\s*=\s*)(?:{_QUOTED})|(?P<tight>=)[^\s&;,'\")]+)",
    re.IGNORECASE,
)
_AUTHORIZATION = re.compile(
    r"(?P<scheme>\bauthorization\b['\"]?\s*[:=,]\s*b?['\"]?(?:basic|bearer)\s+)[^\s'\",;)\\]+",
    re.IGNORECASE,
)


class Redactor:
    """Hides passwords in text.

    :param secrets: what must not be seen, as it is and percent-encoded; other spellings are found
        as well.  Short ones and common words stay: they tell nothing, and hiding them would garble
        what is said.
    :param public: names that are no secret though a password may be the same word: users, hosts,
        databases.
    :ivar known: those of the secrets that are hidden.
    """

    def __init__(self, secrets: Iterable[str], public: Iterable[str] = ()) -> None:
        shown = _COMMON | {name.casefold() for name in public}
        self.known = frozenset(
            s for s in secrets if len(s) >= _SHORTEST and s.casefold() not in shown
        )
        # The longest first: one secret may be a part of another.
        forms = {form for secret in self.known for form in disguises(secret)}
        spelled = "|".join(map(re.escape, sorted(forms, key=_by_length)))
        self._known = re.compile(spelled) if spelled else None
        self._spelled = spelled

    def hide(self, text: str) -> str:
        """The text with ``***`` for every secret.

        :param text: anything that is going to be shown or written.
        :returns: the same text without passwords in URLs, without the values of options such as
            ``password=``, and without the known secrets.
        """
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _USERINFO.sub(rf"\g<user>:{HIDDEN}@", text)
        text = _AUTHORIZATION.sub(rf"\g<scheme>{HIDDEN}", text)
        return _OPTION.sub(_without_value, text)

    def hide_words(self, text: str, but: Collection[str]) -> str:
        """The text without the known secrets that stand for themselves, and otherwise as it is.

        :param but: words to leave as they are, in small letters.
        """
        if not self._spelled:
            return text
        words = re.compile(rf"(?<!\w)(?:{self._spelled})(?!\w)")
        return words.sub(lambda m: m[0] if m[0].lower() in but else HIDDEN, text)


def _by_length(secret: str) -> tuple[int, str]:
    return -len(secret), secret


def _without_value(match: re.Match[str]) -> str:
    return f"{match['name']}{match['spaced'] or match['tight']}{HIDDEN}"
