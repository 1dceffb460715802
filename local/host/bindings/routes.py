"""HTTP routes: ASP.NET route templates, as httpTrigger bindings write them, matched against a path. Pure.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
"""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

_PARAMETER = re.compile(
    r"\{(?P<rest>\*{0,2})(?P<name>\w+)(?P<constraints>(?::[^{}=?]+)*)(?:=(?P<default>[^{}?]*))?(?P<optional>\??)\}"
)


class InvalidRoute(ValueError):
    """A route template that the host could not map."""


def _parses(reader: Callable[[str], object]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            reader(value)
        except ValueError:
            return False
        return True

    return check


def _within(bits: int) -> Callable[[str], bool]:
    return lambda value: bool(re.fullmatch(r"[+-]?\d+", value)) and -(2 ** (bits - 1)) <= int(value) < 2 ** (bits - 1)


_PLAIN: Mapping[str, Callable[[str], bool]] = {
    "int": _within(32),
    "long": _within(64),
    "bool": lambda value: value.lower() in ("true", "false"),
    "guid": _parses(uuid.UUID),
    "alpha": lambda value: bool(re.fullmatch(r"[A-Za-z]*", value)),
    "decimal": _parses(float),
    "double": _parses(float),
    "float": _parses(float),
    "required": bool,
}
_WITH_NUMBERS: Mapping[str, Callable[[str, list[int]], bool]] = {
    "minlength": lambda value, given: len(value) >= given[0],
    "maxlength": lambda value, given: len(value) <= given[0],
    "length": lambda value, given: given[0] <= len(value) <= given[-1],
    "min": lambda value, given: _PLAIN["long"](value) and int(value) >= given[0],
    "max": lambda value, given: _PLAIN["long"](value) and int(value) <= given[0],
    "range": lambda value, given: _PLAIN["long"](value) and given[0] <= int(value) <= given[-1],
}


def _constraint(text: str) -> Callable[[str], bool]:
    if text.lower() in _PLAIN:
        return _PLAIN[text.lower()]
    match = re.fullmatch(r"(\w+)\((-?\d+(?:\s*,\s*-?\d+)?)\)", text)
    if match and match[1].lower() in _WITH_NUMBERS:
        check, given = _WITH_NUMBERS[match[1].lower()], [int(number) for number in match[2].split(",")]
        return lambda value: check(value, given)
    raise InvalidRoute(f"the route constraint '{text}' is not one that the local host knows")


@dataclass(frozen=True)
class Parameter:
    name: str
    checks: tuple[Callable[[str], bool], ...]
    default: str | None
    rest: bool


@dataclass(frozen=True)
class Segment:
    """One part between slashes: literal text, or text around parameters ("report-{id}.json")."""

    pattern: re.Pattern[str]
    parameters: tuple[Parameter, ...]
    skippable: bool

    def match(self, text: str) -> dict[str, str] | None:
        found = self.pattern.fullmatch(text)
        if not found:
            return None
        values = {parameter.name: found[parameter.name] for parameter in self.parameters}
        fits = all(check(values[one.name]) for one in self.parameters for check in one.checks)
        return values if fits else None


def _segment(text: str) -> Segment:
    pattern, parameters, position, skippable = "", [], 0, False
    for match in _PARAMETER.finditer(text):
        checks = tuple(_constraint(one) for one in match["constraints"].split(":") if one)
        parameters.append(Parameter(match["name"], checks, match["default"], bool(match["rest"])))
        pattern += (
            re.escape(text[position : match.start()]) + f"(?P<{match['name']}>{'.*' if match['rest'] else '.+?'})"
        )
        position, skippable = match.end(), bool(match["optional"] or match["default"] is not None or match["rest"])
    literal = text[position:]
    if "{" in literal or "}" in literal:
        raise InvalidRoute(f"the route part '{text}' is not one that the local host can read")
    return Segment(re.compile(pattern + re.escape(literal), re.IGNORECASE | re.DOTALL), tuple(parameters), skippable)


@dataclass(frozen=True)
class Template:
    segments: tuple[Segment, ...]

    def match(self, path: list[str]) -> dict[str, str] | None:
        values: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            rest = bool(segment.parameters and segment.parameters[-1].rest)
            given = path[position : None if rest else position + 1]
            if not given:
                if not segment.skippable:
                    return None
                values.update({one.name: one.default for one in segment.parameters if one.default is not None})
                continue
            found = segment.match("/".join(given))
            if found is None:
                return None
            values.update(found)
            if rest:
                return values
        return values if len(path) <= len(self.segments) else None


def parse(template: str) -> Template:
    return Template(tuple(_segment(part) for part in template.strip("/").split("/")) if template.strip("/") else ())


def split(raw_path: str) -> list[str]:
    """A path's decoded parts. An encoded slash stays encoded, as Kestrel leaves it."""
    trimmed = raw_path.removeprefix("/").removesuffix("/")
    parts = trimmed.split("/") if trimmed else []
    return [unquote(re.sub("%2f", "%252F", part, flags=re.IGNORECASE)) for part in parts]


def find[Function](
    routes: Iterable[tuple[Template, frozenset[str] | None, Function]], method: str, path: list[str]
) -> tuple[Function, dict[str, str]] | None:
    """The first that fits. The method is part of the fit, as in the host: a wrong one is 404, never 405."""
    for template, methods, function in routes:
        if methods is None or method in methods:
            values = template.match(path)
            if values is not None:
                return function, values
    return None
