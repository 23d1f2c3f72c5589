"""config.yaml, which belongs to the application; two of its sections are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .headers import as_lines
from .schema import APPLICATION_KEYS, CLICKHOUSE, HEADERS, KEYS, SECTIONS, VARS, unknown
from .sources import YAML, Layer, broken, read_text, setting
from .variables import problems as wrong_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yaml import YAMLError
    from yaml.nodes import Node

    from .schema import Key
    from .values import Setting

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: Path, shown: str) -> Layer:
    """Read our sections of a config.yaml.

    The nodes are read instead of constructed values: a scalar keeps the text that was written
    (``password: 0123`` is no number), every key has its line, and what the application's own tags
    mean does not matter here.

    :param path: the file.
    :param shown: what to call it in messages.
    :raises ConfigError: it can't be read, or is not a YAML mapping.
    """
    root = _compose(read_text(path, shown), shown)
    settings: dict[str, Setting] = {}
    problems: list[str] = []
    own: dict[str, str] | None = None
    try:
        for name, _, node in _pairs(root):
            if name in SECTIONS:
                _section(name, node, shown, settings, problems)
            if name == CLICKHOUSE:
                own = _vars(node, shown, problems)
    except RecursionError:
        raise broken(shown, None, "a mapping is merged into itself") from None
    return Layer(YAML, settings, (path.parent,), tuple(problems), own)


def _compose(text: str, shown: str) -> Node | None:
    import yaml
    from yaml.nodes import MappingNode

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root: Node | None = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise broken(shown, _line(error, text), "this is not valid YAML") from None
    if root is not None and not isinstance(root, MappingNode) and root.tag != _NULL:
        what = "sections such as database: and clickhouse: are expected here"
        raise broken(shown, root.start_mark.line + 1, what)
    return root


def _line(error: YAMLError, text: str) -> int | None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return min(int(mark.line) + 1, len(text.splitlines()))
    position = getattr(error, "position", None)
    return None if position is None else text.count("\n", 0, position) + 1


def _pairs(node: Node | None) -> Iterator[tuple[str, int, Node]]:
    """Key, line and value of each entry; what is merged in with ``<<`` comes first."""
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode

    if not isinstance(node, MappingNode):
        return
    for key, value in node.value:
        if key.tag == _MERGE:
            merged = value.value if isinstance(value, SequenceNode) else [value]
            for one in reversed(merged):
                yield from _pairs(one)
    for key, value in node.value:
        if key.tag != _MERGE:
            name = key.value if isinstance(key, ScalarNode) else "?"
            yield name, key.start_mark.line + 1, value


def _section(
    name: str, node: Node, shown: str, settings: dict[str, Setting], problems: list[str]
) -> None:
    from yaml.nodes import MappingNode, ScalarNode

    known = {yaml: key for key in KEYS if key.section == name for yaml in key.yaml}
    if not isinstance(node, MappingNode) and node.tag != _NULL:
        problems.append(f"{shown}:{node.start_mark.line + 1}: {name} has to be a mapping")
    for written, line, value in _pairs(node):
        if written in APPLICATION_KEYS or (name == CLICKHOUSE and written == VARS):
            continue
        place = f"{shown}:{line}"
        if written not in known:
            problems.append(unknown(written, known, f"{place} {name}"))
        elif written == HEADERS and isinstance(value, MappingNode):
            settings[known[written].name] = _headers(value, known[written], place, problems)
        elif not isinstance(value, ScalarNode):
            problems.append(f"{place}: {name}.{written} has to be a single value")
        elif value.tag != _NULL and value.value.strip():
            key = known[written]
            text = value.value if key.secret else value.value.strip()
            settings[key.name] = setting(key, text, f"{shown} {name}.{written}")


def _headers(node: Node, key: Key, place: str, problems: list[str]) -> Setting:
    """A mapping of names to values, as the lines that it means."""
    from yaml.nodes import ScalarNode

    pairs = {}
    for name, _, value in _pairs(node):
        if isinstance(value, ScalarNode) and "\n" not in value.value.strip():
            pairs[name] = value.value.strip()
        else:
            problems.append(f"{place}: {name} has to be a single value")
    return setting(key, as_lines(pairs), f"{place} {CLICKHOUSE}.{HEADERS}")


def _vars(section: Node, shown: str, problems: list[str]) -> dict[str, str] | None:
    """The values for placeholders; None without a mapping for them."""
    from yaml.nodes import MappingNode, ScalarNode

    found: dict[str, str] | None = None
    for written, line, node in _pairs(section):
        if written != VARS:
            continue
        found = {} if found is None else found
        if not isinstance(node, MappingNode) and node.tag != _NULL:
            problems.append(f"{shown}:{line}: {CLICKHOUSE}.{VARS} has to be a mapping")
        for name, at, value in _pairs(node):
            place = f"{shown}:{at} {CLICKHOUSE}.{VARS}"
            problems += wrong_names([name], place)
            if isinstance(value, ScalarNode):
                found[name] = "" if value.tag == _NULL else value.value
            else:
                problems.append(f"{place}: {name} has to be a single value")
    return found
