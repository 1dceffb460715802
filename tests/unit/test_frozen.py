"""A frozen value is a frozen dataclass, whatever is done to it."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar

import pytest

from shared.frozen import frozen


@frozen
class Ours:
    """Of our making."""

    a: str
    b: int = 2
    c: list[int] = field(default_factory=list, compare=False)
    d: str = field(default="secret", repr=False)
    word: ClassVar[str] = "class"

    @cached_property
    def twice(self) -> int:
        return self.b * 2


@dataclass(frozen=True)
class Theirs:
    """The library's."""

    a: str
    b: int = 2
    c: list[int] = field(default_factory=list, compare=False)
    d: str = field(default="secret", repr=False)
    word: ClassVar[str] = "class"

    @cached_property
    def twice(self) -> int:
        return self.b * 2


@frozen
class Below(Ours):
    """One field more, and a word and a repr of its own."""

    e: int = 5
    word = "own"

    def __repr__(self) -> str:
        return "below"


def answer(act: Callable[[Any], Any], kind: Any) -> Any:
    """What it gives, or the kind of its error; the name of the kind set aside."""
    try:
        return str(act(kind)).replace("Ours", "Theirs")
    except (TypeError, FrozenInstanceError) as error:
        return type(error)


def _changed(kind: Any) -> None:
    kind("x").a = "y"


def _deleted(kind: Any) -> None:
    del kind("x").a


ACTS: list[Callable[[Any], Any]] = [
    lambda kind: kind(), lambda kind: kind("x"), lambda kind: kind("x", 3, [1], "d"), lambda kind: kind(a="x", d="y"),
    lambda kind: kind("x", a="y"), lambda kind: kind("x", e=1), lambda kind: kind("x", 1, [], "", 5),
    lambda kind: kind(b=1, e=2), lambda kind: kind("x") == kind("x", c=[1]), lambda kind: kind("x") == kind("y"),
    lambda kind: kind("x") == ("x", 2), lambda kind: hash(kind("x")) == hash(kind("x", 2, [5])),
    lambda kind: {kind("x"), kind("x"), kind("z")} == {kind("x"), kind("z")}, _changed, _deleted,
    lambda kind: replace(kind("x", c=[1]), b=7), lambda kind: replace(kind("x"), e=7), lambda kind: asdict(kind("x")),
    lambda kind: [each.name for each in fields(kind)], lambda kind: kind("x").c is kind("x").c,
    lambda kind: kind("x").twice, lambda kind: kind.word, lambda kind: copy.deepcopy(kind("x", c=[1])).c,
    lambda kind: pickle.loads(pickle.dumps(kind("x", 9))).b,  # noqa: S301 - our own bytes
    lambda kind: kind.__match_args__,
]  # fmt: skip


@pytest.mark.parametrize("act", ACTS, ids=[str(n) for n, _ in enumerate(ACTS)])
def test_it_does_what_a_frozen_dataclass_does(act: Callable[[Any], Any]) -> None:
    assert answer(act, Ours) == answer(act, Theirs)


def test_a_value_below_another_has_its_fields_and_its_own_methods() -> None:
    made = Below("x", e=6)
    assert (made.a, made.b, made.e, made.word, str(made)) == ("x", 2, 6, "own", "below")
    assert made != Ours("x")
    assert made == replace(made, e=6) != replace(made, e=7)


def test_a_frozen_value_keeps_every_name_of_its_own() -> None:
    @frozen
    class Site:
        """Names that helpers might take."""

        names: str = "a"

        def _shown(self) -> str:
            return self.names

        _names = _all = _defaults = _compared = _makers = _shown

    one = Site("b")
    assert [one._shown(), one._names(), one._all(), one._compared(), one._makers(), one._defaults()] == ["b"] * 6
    with pytest.raises(TypeError, match="_frozen_names"):
        frozen(type("Taken", (), {"_frozen_names": 1}))
