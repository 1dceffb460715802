"""Draws the tables of steps as the README's state diagrams: `python -m local.build.diagram`. Pure but for its print."""

from collections import defaultdict
from collections.abc import Mapping

from shared.aftercare import verification_states as verification
from shared.domain.restore import CLOSED
from shared.domain.state_machine import STEPS


def diagram() -> str:
    """A restore's phases: one arrow a pair of phases, labelled with the events that take it."""
    steps = {(phase.value, event.__name__): after.value for (phase, event), after in STEPS.items()}
    return _drawn("accepted", steps, [phase.value for phase in CLOSED])


def verification_diagram() -> str:
    """A verification's states."""
    steps = {(state.value, act.value): after.value for (state, act), after in verification.STEPS.items()}
    return _drawn("queued", steps, [state.value for state in verification.EVENTS])


def _drawn(first: str, steps: Mapping[tuple[str, str], str], ends: list[str]) -> str:
    """A mermaid state diagram."""
    labels: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (before, name), after in steps.items():
        labels[before, after].append(name)
    lines = ["stateDiagram-v2", f"  [*] --> {first}"]
    lines += [f"  {before} --> {after}: {', '.join(names)}" for (before, after), names in labels.items()]
    return "\n".join([*lines, *(f"  {end} --> [*]" for end in sorted(ends))])


if __name__ == "__main__":
    print(f"{diagram()}\n\n{verification_diagram()}")
