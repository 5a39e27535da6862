"""Joins what browsers would fetch one by one: all stylesheets into one, all modules of `mixlite.js` into one.

On a phone far from the machine each file is a journey of its own, and a module's imports are known only when it has
arrived. The modules stay what they are in `static/js`; this is done when the application starts.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_BRACES = re.compile(r"([^{}]*)([{}])")
_LIGHT_DARK = re.compile(r"([\w-]+)\s*:([^;]*\blight-dark\([^;]*)(?:;|$)")
_OLD = "@supports not (color: light-dark(#000, #fff)) {"
_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"\./([\w-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) ([A-Za-z_$][\w$]*)", re.MULTILINE)
_NOT_UNDERSTOOD = re.compile(r"^(?:import\b(?!\()|export\b|await\b).*", re.MULTILINE)


class CannotJoin(ValueError):
    """A module says something that this does not understand; the message has its name and the line."""


def join_sheets(files: Mapping[str, bytes], folder: str) -> bytes:
    """The stylesheets that lie in `folder` (not below it), in the order of their names, without comments.

    Browsers from before `light-dark()` (spring 2024) get the house by day: what says it is said for them once more.
    """
    names = sorted(name for name in files if PurePosixPath(name).parent.as_posix() == folder)
    text = b"\n".join(_COMMENT.sub(b"", files[name]) for name in names).decode()
    lines = [line for each in text.splitlines() if (line := each.strip())]
    return "\n".join([*lines, *_by_day(text)]).encode()


def _by_day(sheet: str) -> list[str]:
    """Every declaration with `light-dark()`, with its day's colour, in the layer and condition that it stands in."""
    found: list[str] = []
    within: list[str] = []
    for words, sign in _BRACES.findall(sheet):
        last = words.rpartition(";")[2].strip()
        if sign == "{":
            within.append(" ".join(last.split()))
            continue
        said = [f"{name}: {_day_of(value)}" for name, value in _LIGHT_DARK.findall(words)]
        if said:
            found.append(" { ".join([*within, "; ".join(said)]) + " }" * len(within))
        within.pop()
    return [_OLD, "@layer tokens { :root { color-scheme: light } }", *found, "}"] if found else []


def _day_of(value: str) -> str:
    """`value` with the first of each pair in its place."""
    before, is_there, rest = value.partition("light-dark(")
    if not is_there:
        return value.strip()
    depth, comma = 0, 0
    for at, sign in enumerate(rest):
        if sign == "," and not depth and not comma:
            comma = at
        elif sign == ")" and not depth:
            return _day_of(before + rest[:comma].strip() + rest[at + 1 :])
        depth += (sign == "(") - (sign == ")")
    raise CannotJoin(f"light-dark( is not closed: {value}")


def join_modules(files: Mapping[str, bytes], entry: str) -> bytes:
    """`entry` and everything that it imports, each once and after what it needs itself.

    A module is an import by `./name.js`, with or without names in braces, or an exported function, class or constant;
    `import()` of something that comes later stays as it is. Raises CannotJoin for anything else, and for a circle.
    """
    folder = PurePosixPath(entry).parent
    parts: dict[str, str] = {}
    _add(files, folder, PurePosixPath(entry).name, parts, ())
    return "\n".join(parts.values()).encode()


def _add(
    files: Mapping[str, bytes], folder: PurePosixPath, name: str, parts: dict[str, str], within: tuple[str, ...]
) -> None:
    if name in parts:
        return
    if name in within:
        raise CannotJoin(f"{' imports '.join([*within, name])}: a circle")
    path = (folder / name).as_posix()
    if path not in files:
        raise CannotJoin(f"{within[-1] if within else ''}: there is no {name}")
    text = files[path].decode()
    for found in _IMPORT.finditer(text):
        _add(files, folder, found[2], parts, (*within, name))
    parts[name] = _wrapped(name, text)


def _wrapped(name: str, text: str) -> str:
    """The module as a function that is called at once and answers what it exports."""
    exported = [found[2] for found in _EXPORT.finditer(text)]
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(_as_names, text))
    if left := _NOT_UNDERSTOOD.search(body):
        raise CannotJoin(f"{name}: {left[0].strip()}")
    return f"const {_variable(name)} = (() => {{\n{body.strip()}\nreturn {{ {', '.join(exported)} }};\n}})();"


def _as_names(found: re.Match[str]) -> str:
    """`{ a as b } from "./x.js"` as `const { a: b } = ...`; nothing for an import without names."""
    return f"const {{{found[1].replace(' as ', ': ')}}} = {_variable(found[2])};" if found[1] else ""


def _variable(name: str) -> str:
    return "module_" + re.sub(r"\W", "_", name.removesuffix(".js"))
