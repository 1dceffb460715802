"""Draws the table of steps as the README's state diagram: `python -m local.build.diagram`. Pure but for its print."""

from collections import defaultdict

from shared.domain.restore import CLOSED
from shared.domain.state_machine import STEPS


def diagram() -> str:
    """A mermaid state diagram: one arrow a pair of phases, labelled with the events that take it."""
    labels: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (phase, event), after in STEPS.items():
        labels[phase.value, after.value].append(event.__name__)
    lines = ["stateDiagram-v2", "  [*] --> accepted"]
    lines += [f"  {before} --> {after}: {', '.join(names)}" for (before, after), names in labels.items()]
    lines += [f"  {phase.value} --> [*]" for phase in sorted(CLOSED)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(diagram())
