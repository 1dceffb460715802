"""The findings of the doctor (place, state, words, the commands that mend the fault), and how they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.text import Text

type State = Literal["ok", "fault", "warning", "unknown"]
_STYLE: dict[State, str] = {"ok": "green", "fault": "bold red", "warning": "yellow", "unknown": "cyan"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A fault or warning says how it is mended, with the real names."""

    place: str
    state: State
    words: str
    mend: tuple[str, ...] = ()


def ok(place: str, words: str) -> Finding:
    return Finding(place, "ok", words)


def fault(place: str, words: str, *mend: str) -> Finding:
    return Finding(place, "fault", words, mend)


def warning(place: str, words: str, *mend: str) -> Finding:
    return Finding(place, "warning", words, mend)


def unknown(place: str, words: object, *mend: str) -> Finding:
    """It may not be read from here: no verdict, and no fault either."""
    return Finding(place, "unknown", str(words), mend)


def show(findings: Iterable[Finding], console: Console) -> int:
    """Each finding as it comes; the number of faults."""
    counts = dict.fromkeys(_STYLE, 0)
    for finding in findings:
        counts[finding.state] += 1
        line = Text.assemble((f"{finding.state:8}", _STYLE[finding.state]), f" {finding.place}: {finding.words}")
        console.print(line, soft_wrap=True)
        for command in finding.mend:
            console.print(Text(f"           $ {command}"), soft_wrap=True)
    console.print(Text(", ".join(f"{number} {state}" for state, number in counts.items())))
    return counts["fault"]
