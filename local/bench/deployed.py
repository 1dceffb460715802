"""The packages that a deployment has, and no others: a folder of links for a Python that is started without `site`.

A development package changes what is measured: httpx, say, imports rich wherever that is installed.
"""

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from local.stack.processes import ROOT

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")


def packages(names: Iterable[str]) -> dict[str, Distribution]:
    """These, and what they need, as installed here; what an extra alone needs is left out."""
    found: dict[str, Distribution] = {}
    left = list(names)
    while left:
        name = left.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # for another Python or platform
            continue
        needs = [need for need in found[name].requires or () if "extra ==" not in need]
        left += [match.group() for need in needs if (match := NAME.match(need))]
    return found


def required(file: Path = ROOT / "requirements.txt") -> list[str]:
    """The names in a requirements file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [match.group() for line in lines if (match := NAME.match(line))]


def linked(folder: Path, names: Iterable[str]) -> Path:
    """The folder with every file of the packages; their bytecode is made again."""
    for found in packages(names).values():
        for file in found.files or ():
            if file.suffix != ".pyc" and ".." not in file.parts:
                place = folder / file
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(str(found.locate_file(file)))
    return folder
