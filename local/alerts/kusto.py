"""Evaluates Kusto queries over rows in memory: the operators and functions that our alerts and tiles use. Pure."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

type Row = dict[str, Any]
TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\d+[smhd]\b|\d+(?:\.\d+)?|[A-Za-z_]\w*|==|!=|>=|<=|[-+*/(),.|=<>;\[\]])')


class NotKnown(ValueError):
    """A query uses what this evaluator does not have."""


def run(query: str, rows: Iterable[Row]) -> list[Row]:
    """The rows that a query leaves of `rows` (of the table `traces`); refuses what it does not know."""
    tokens = TOKEN.findall(query)
    if "".join(tokens) != re.sub(r"\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", "", query):
        raise NotKnown(f"a token is not known: {query}")
    return Pipeline(tokens).run(list(rows))


class Pipeline:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def run(self, rows: list[Row]) -> list[Row]:
        self._take("traces")
        while self._peek() == "|":
            self._take("|")
            operator = self._next()
            rows = getattr(self, f"_{operator}")(rows)
        if self._peek() is not None:
            raise NotKnown(f"left over: {self._tokens[self._at :]}")
        return rows

    def _where(self, rows: list[Row]) -> list[Row]:
        wanted = self._expression()
        return [row for row in rows if wanted(row)]

    def _extend(self, rows: list[Row]) -> list[Row]:
        made = self._named()
        return [self._with(row, made) for row in rows]

    def _with(self, row: Row, made: list[tuple[str, Callable[[Row], Any]]]) -> Row:
        for name, value in made:
            row = {**row, name: value(row)}
        return row

    def _project(self, rows: list[Row]) -> list[Row]:
        made = self._named()
        return [{name: value(row) for name, value in made} for row in rows]

    def _order(self, rows: list[Row]) -> list[Row]:
        self._take("by")
        keys = [(self._expression(), self._next())]
        while self._peek() == ",":
            self._take(",")
            keys.append((self._expression(), self._next()))
        for key, way in reversed(keys):  # sorting keeps the order of what is equal
            rows = sorted(rows, key=lambda row: (key(row) is None, key(row)), reverse=way == "desc")
        return rows

    def _summarize(self, rows: list[Row]) -> list[Row]:
        figures = self._named()
        keys: list[tuple[str, Callable[[Row], Any]]] = []
        if self._peek() == "by":
            self._take("by")
            keys = self._named()
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(value(row) for _, value in keys), []).append(row)
        return [
            {name: part for (name, _), part in zip(keys, group, strict=True)}
            | {name: figure({"*": members}) for name, figure in figures}
            for group, members in groups.items()
        ]

    def _named(self) -> list[tuple[str, Callable[[Row], Any]]]:
        found = []
        while True:
            start = self._at
            if self._at + 1 < len(self._tokens) and self._tokens[self._at + 1] == "=":
                name = self._next()
                self._take("=")
                value = self._expression()
            else:
                value = self._expression()
                name = "".join(self._tokens[start : self._at]).replace("(", "_").replace(")", "").partition(",")[0]
            found.append((name, value))
            if self._peek() != ",":
                return found
            self._take(",")

    def _expression(self) -> Callable[[Row], Any]:
        left = self._conjunction()
        while self._peek() == "or":
            self._take("or")
            left = (lambda a, b: lambda row: bool(a(row)) or bool(b(row)))(left, self._conjunction())
        return left

    def _conjunction(self) -> Callable[[Row], Any]:
        left = self._comparison()
        while self._peek() == "and":
            self._take("and")
            left = (lambda a, b: lambda row: bool(a(row)) and bool(b(row)))(left, self._comparison())
        return left

    def _comparison(self) -> Callable[[Row], Any]:
        left, sign = self._value(), self._peek()
        if sign == "in":
            self._take("in")
            options = self._arguments()
            return lambda row: left(row) in [option(row) for option in options]
        if sign not in COMPARISONS:
            return left
        self._next()
        right, compare = self._value(), COMPARISONS[sign]
        return lambda row: compare(left(row), right(row))

    def _value(self) -> Callable[[Row], Any]:
        word = self._next()
        if word == "(":
            inner = self._expression()
            self._take(")")
            return inner
        if word.startswith('"'):
            text = json.loads(word)
            return lambda row: text
        if word[0].isdigit():
            return lambda row: float(word) if word.replace(".", "").isdigit() else word
        if self._peek() == "(":
            return self._members(self._function(word))
        return self._members(lambda row: row.get(word))

    def _members(self, value: Callable[[Row], Any]) -> Callable[[Row], Any]:
        while self._peek() in (".", "["):
            bracketed = self._next() == "["
            name = json.loads(self._next()) if bracketed else self._next()
            if bracketed:
                self._take("]")
            value = (lambda inner, part: lambda row: (inner(row) or {}).get(part))(value, name)
        return value

    def _function(self, name: str) -> Callable[[Row], Any]:
        arguments = self._arguments()
        if name in FIGURES:
            figure = FIGURES[name]
            return lambda row: figure([[argument(one) for argument in arguments] for one in row["*"]])
        function = FUNCTIONS[name]
        return lambda row: function(*(argument(row) for argument in arguments))

    def _arguments(self) -> list[Callable[[Row], Any]]:
        self._take("(")
        found = []
        while self._peek() != ")":
            found.append(self._expression())
            if self._peek() == ",":
                self._take(",")
        self._take(")")
        return found

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, token: str) -> None:
        if self._next() != token:
            raise NotKnown(f"{token} is due, not {self._tokens[self._at - 1]}")


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison with null is null, which `where` drops."""
    return lambda a, b: a is not None and b is not None and compare(a, b)


COMPARISONS: dict[str | None, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": _ordered(lambda a, b: a > b),
    "<": _ordered(lambda a, b: a < b),
    ">=": _ordered(lambda a, b: a >= b),
    "<=": _ordered(lambda a, b: a <= b),
    "startswith": lambda a, b: str(a or "").lower().startswith(str(b).lower()),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "substring": lambda text, start: str(text)[int(start) :],
    "indexof": lambda text, part: str(text).find(part),
    "parse_json": lambda text: json.loads(text),
    "tostring": lambda value: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value),
    "todouble": _number,
    "toint": lambda value: None if _number(value) is None else math.floor(float(_number(value) or 0)),
    "isnotempty": lambda value: value not in (None, ""),
    "iff": lambda test, yes, no: yes if test else no,
    "ago": lambda span: "",  # every row is of the period that is asked for
    "bin": lambda value, width: value,
}


def _values(rows: list[list[Any]]) -> Iterator[float]:
    return (row[0] for row in rows if row[0] is not None)


FIGURES: dict[str, Callable[[list[list[Any]]], Any]] = {
    "count": len,
    "countif": lambda rows: sum(bool(row[0]) for row in rows),
    "max": lambda rows: max(_values(rows), default=None),
    "min": lambda rows: min(_values(rows), default=None),
    "sum": lambda rows: sum(_values(rows)),
    "percentile": lambda rows: sorted(_values(rows))[int((len(rows) - 1) * rows[0][1] / 100)] if rows else None,
}
