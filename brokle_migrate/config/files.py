"""Which configuration files there are, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .password_files import with_passwords
from .sources import INI, TOML, YAML, Layer, environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KINDS = {".yaml": YAML, ".yml": YAML, ".ini": INI, ".cfg": INI, ".toml": TOML}
ALEMBIC_SECTION = "alembic"
_USUAL = (
    ("config.yaml", YAML),
    ("config.yml", YAML),
    ("alembic.ini", INI),
    ("pyproject.toml", TOML),
)


@dataclass(frozen=True, slots=True)
class Files:
    """One file of each kind, or none.

    :ivar searched: where they were looked for.
    """

    yaml: Path | None = None
    ini: Path | None = None
    toml: Path | None = None
    searched: tuple[Path, ...] = ()


def find(
    directory: Path,
    named: Path | None,
    environ: Mapping[str, str],
    alembic_files: Sequence[str] = (),
) -> Files:
    """The files that count: the named ones, Alembic's ``ALEMBIC_CONFIG``, then the usual ones.

    Like Alembic, a named file of one kind does not keep the usual ones of the others from counting.

    :param directory: where the usual ones are.
    :param named: the file of ``--config``.
    :param alembic_files: those of Alembic's own ``-c``, which need not be there.
    :raises ConfigError: a named file is not there, or its kind can't be told.
    """
    found = {_alembic_kind(name): directory / name for name in alembic_files}
    if named is not None:
        kind = _kind(named)
        found.setdefault(kind, _existing(directory / named, f"--config {named}"))
    if chosen := environ.get("ALEMBIC_CONFIG", "").strip():
        kind = _alembic_kind(chosen)
        if kind not in found:
            found[kind] = _existing(directory / chosen, "environment ALEMBIC_CONFIG")
    usual = [(directory / name, kind) for name, kind in _USUAL if kind not in found]
    for path, kind in usual:
        if path.is_file():
            found.setdefault(kind, path)
    searched = (*found.values(), *(path for path, _ in usual if path not in found.values()))
    there = {kind: path for kind, path in found.items() if path.is_file()}
    return Files(there.get(YAML), there.get(INI), there.get(TOML), searched)


def read(
    files: Files, directory: Path, environ: Mapping[str, str], alembic_section: str
) -> tuple[Files, tuple[Layer, ...]]:
    """What every source says, the highest precedence first.

    :returns: the files without a pyproject.toml that has nothing for us, and the layers.
    :raises ConfigError: a file can't be read, or holds something unknown; everything unknown is
        named at once.
    """
    layers = [environment(environ, directory)]
    if files.yaml is not None:
        from .yaml_file import read_yaml

        layers.append(read_yaml(files.yaml, _shown(files.yaml, directory)))
    if files.ini is not None or files.toml is not None:
        alembic = _read_alembic(files, directory, alembic_section)
        layers += alembic
        if TOML not in {layer.kind for layer in alembic}:
            files = replace(files, toml=None)
    layers = [with_passwords(layer) for layer in layers]
    _raise_problems([problem for layer in layers for problem in layer.problems])
    return files, tuple(layers)


def require_section(files: Files, directory: Path, section: str) -> None:
    """Refuse a section of alembic.ini that is not there: its database would be passed over.

    :raises ConfigError: it is another one than Alembic's usual one, and not there.
    """
    if files.ini is None or section == ALEMBIC_SECTION:
        return
    from .alembic_files import sections

    shown = _shown(files.ini, directory)
    found = sections(files.ini, shown)
    if section not in found:
        raise ConfigError(
            f"{shown} has no section [{section}]", hint=f"its sections: {', '.join(found)}"
        )


def _read_alembic(files: Files, directory: Path, section: str) -> list[Layer]:
    from .alembic_files import read_ini
    from .alembic_toml import read_toml

    layers: list[Layer] = []
    if files.ini is not None:
        layers.append(read_ini(files.ini, _shown(files.ini, directory), directory, section))
    if files.toml is not None:
        layer = read_toml(files.toml, _shown(files.toml, directory), directory)
        layers += [] if layer is None else [layer]
    return layers


def _raise_problems(problems: list[str]) -> None:
    if len(problems) == 1:
        raise ConfigError(problems[0])
    if problems:
        raise ConfigError("\n".join([f"{len(problems)} problems:", *problems]))


def _kind(named: Path) -> str:
    try:
        return _KINDS[named.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"--config {named}: the name does not say what kind of file it is",
            hint="known endings: " + ", ".join(_KINDS),
        ) from None


def _alembic_kind(name: str) -> str:
    """Alembic's own rule: any other name is in ini format."""
    return TOML if Path(name).name == "pyproject.toml" else INI


def _existing(path: Path, source: str) -> Path:
    if not path.is_file():
        raise ConfigError(f"{source}: there is no file {path}")
    return path


def _shown(path: Path, directory: Path) -> str:
    """What to call a file in messages."""
    return str(path.relative_to(directory) if path.is_relative_to(directory) else path)
