"""Small faults for a Python module. Each one changes one operator, constant, condition or statement. Pure."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
UNSEEN = {"tell", "_tell", "log", "audit", "about", "logging"}  # a log line is no behaviour of these rooms


@dataclass(frozen=True)
class Mutant:
    """One fault: where, what was changed, and the whole module with it."""

    path: str
    line: int
    change: str
    source: str


@dataclass(frozen=True)
class _Site:
    line: int
    change: str
    apply: Callable[[], None]


def count(source: str) -> list[tuple[int, str]]:
    """Line and description of every fault that can be made, in a fixed order."""
    return [(site.line, site.change) for site in _sites(ast.parse(source))]


def mutant(path: str, source: str, number: int) -> Mutant:
    """The fault of that number, in the order of `count`."""
    tree = ast.parse(source)
    site = list(_sites(tree))[number]
    site.apply()
    return Mutant(path, site.line, site.change, ast.unparse(ast.fix_missing_locations(tree)) + "\n")


def _sites(tree: ast.Module) -> Iterator[_Site]:
    for node in _behaviour(tree):
        for made in (_compared, _joined, _negated, _calculated, _constant, _branch, _returned, _dropped, _argument):
            yield from made(node)


def _behaviour(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below but annotations, docstrings, imports and log lines."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom | ast.Raise | ast.JoinedStr) or _is_port(child):
            continue
        if isinstance(child, ast.Expr) and (isinstance(child.value, ast.Constant) or _writes_log(child.value)):
            continue
        if isinstance(node, ast.If) and child is node.test and ast.unparse(child) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.arg | ast.AnnAssign | ast.FunctionDef) and child is _annotation(node):
            continue
        yield child
        yield from _behaviour(child)


def _is_port(node: ast.AST) -> bool:
    """A Protocol says what a part must do; nothing of it runs."""
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)


def _annotation(node: ast.arg | ast.AnnAssign | ast.FunctionDef) -> ast.expr | None:
    return node.returns if isinstance(node, ast.FunctionDef) else node.annotation


def _writes_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[0] in UNSEEN


def _compared(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            other = COMPARE[type(operator)]

            def apply(place: int = place, other: type[ast.cmpop] = other) -> None:
                node.ops[place] = other()

            yield _Site(node.lineno, f"{ast.unparse(node)}: {type(operator).__name__} → {other.__name__}", apply)


def _joined(node: ast.AST) -> Iterator[_Site]:
    if not isinstance(node, ast.BoolOp):
        return
    other: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield _Site(node.lineno, f"{ast.unparse(node)}: and ↔ or", lambda: setattr(node, "op", other))
    for place, value in enumerate(node.values):
        change = f"{ast.unparse(node)}: without {ast.unparse(value)}"
        yield _Site(value.lineno, change, partial(_remove, node.values, place))


def _negated(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yes = ast.Call(ast.Name("bool", ast.Load()), [], [])

        def apply() -> None:
            yes.args.append(node.operand)
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), yes.args[0])

        yield _Site(node.lineno, f"{ast.unparse(node)}: not dropped", apply)


def _calculated(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        other = ARITHMETIC[type(node.op)]
        change = f"{ast.unparse(node)}: {type(node.op).__name__} → {other.__name__}"
        yield _Site(node.lineno, change, lambda: setattr(node, "op", other()))


def _constant(node: ast.AST) -> Iterator[_Site]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield _Site(node.lineno, f"{value} → {not value}", lambda: setattr(node, "value", not value))
    elif isinstance(value, int | float):
        yield _Site(node.lineno, f"{value} → {value + 1}", lambda: setattr(node, "value", value + 1))


def _branch(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        for said in (True, False):
            if isinstance(node, ast.While) and said:
                continue  # it would never end

            def apply(said: bool = said) -> None:
                node.test = ast.Constant(said)

            yield _Site(node.lineno, f"if {ast.unparse(node.test)}: always {said}", apply)


def _returned(node: ast.AST) -> Iterator[_Site]:
    """Nothing in place of what is given; `False` has its own fault (True), and callers take None for it."""
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) not in ("None", "False"):
        yield _Site(node.lineno, f"return {ast.unparse(node.value)}: None", lambda: setattr(node, "value", None))


def _dropped(node: ast.AST) -> Iterator[_Site]:
    """A call for its effect, or an update in place, that is not done."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return
    for place, line in enumerate(body):
        effect = isinstance(line, ast.Expr) and isinstance(line.value, ast.Call) and not _writes_log(line.value)
        if effect or isinstance(line, ast.AugAssign):

            def apply(place: int = place) -> None:
                body[place] = ast.Pass()

            yield _Site(line.lineno, f"{ast.unparse(line).partition(chr(10))[0]}: dropped", apply)


def _argument(node: ast.AST) -> Iterator[_Site]:
    """A keyword argument that is not given; if it was needed the fault is found at once."""
    if isinstance(node, ast.Call) and not _writes_log(node):
        for place, word in enumerate(node.keywords):
            if word.arg:
                change = f"{ast.unparse(node.func)}(…{word.arg}=…): dropped"
                yield _Site(word.value.lineno, change, partial(_remove, node.keywords, place))


def _remove[T](values: list[T], place: int) -> None:
    del values[place]
