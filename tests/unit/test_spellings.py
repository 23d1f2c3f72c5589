"""The forms in which a secret turns up."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokle_migrate.redact import Redactor

SECRET = 'it\'s 100% "w\u00fcst" \\o/'
FORMS = {
    "as it is": SECRET,
    "a URL": quote(SECRET, safe=""),
    "a URL with small letters": re.sub(
        "%..", lambda found: found[0].lower(), quote(SECRET, safe="")
    ),
    "JSON": json.dumps(SECRET),
    "JSON in UTF-8": json.dumps(SECRET, ensure_ascii=False),
    "Python": repr(SECRET),
    "ASCII": ascii(SECRET),
    "SQL": SECRET.replace("'", "''"),
    "SQL with backslashes": SECRET.replace("\\", "\\\\").replace("'", "\\'"),
    "a driver's SQL": SECRET.replace("'", "''").replace("%", "%%"),
    "configparser": SECRET.replace("%", "%%"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_forms(form: str) -> None:
    secrets = [SECRET, quote(SECRET, safe="")]
    hidden = Redactor(secrets).hide(f"<{form}>")
    assert hidden in {"<***>", '<"***">', "<'***'>"}


@given(st.text(max_size=6), st.text("abcDEF123%/@ü", min_size=8, max_size=20))
@settings(deadline=None)
def test_basic_authentication(user: str, password: str) -> None:
    password = f"Zq7{password}"
    token = base64.b64encode(f"{user}:{password}".encode(errors="replace")).decode()
    hidden = Redactor([password]).hide(f"sent {token}")
    assert "***" in hidden
    assert len(hidden.replace("***", "")) < len(f"sent {token}") - len(password)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Basic dTpw", "Authorization: Basic ***"),
        ("{'Authorization': 'Bearer a.b-c'}", "{'Authorization': 'Bearer ***'}"),
        ("(b'authorization', b'basic dTpw')", "(b'authorization', b'basic ***')"),
        ("Basic authentication failed", "Basic authentication failed"),
    ],
)
def test_the_header(text: str, hidden: str) -> None:
    assert Redactor(()).hide(text) == hidden
