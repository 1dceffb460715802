"""Knows what the Bicep compiler thinks of infra/: lint, format and snapshots; any word of it is a fault."""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
DEPLOYMENTS = ROOT / "tests" / "infra" / "deployments"
BESIDE = ROOT / ".." / "shared" / "tools" / "bicep"
MISSING = "NO BICEP COMPILER: infra/ was not judged. Install one: az bicep install, or bicep on PATH."
# Snapshots say what a deployment by these would make; any other values would do as well.
AS = ("--tenant-id", "00000000-0000-0000-0000-0000000000ff", "--deployment-name", "desk", "--location", "westeurope")
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
MOST_SECONDS = 300
MOST_CHARACTERS = 20_000


def compiler() -> tuple[str, ...] | None:
    """How the compiler is called: on PATH, az's own, or the one that lies beside this repository."""
    found = shutil.which("bicep")
    if found:
        return (found,)
    of_az = Path(os.environ.get("AZURE_CONFIG_DIR") or Path.home() / ".azure") / "bin" / "bicep"
    return next(((str(path),) for path in (of_az, BESIDE) if path.is_file()), None)


def findings(bicep: Sequence[str], infra: Path = INFRA, deployments: Path = DEPLOYMENTS) -> list[str]:
    """Each message of the compiler as one check; empty if there is no message."""
    main, snapshots = infra / "main.bicep", sorted(deployments.glob("*.bicepparam"))
    with ThreadPoolExecutor(2) as pool:
        judged = [
            pool.submit(list, _words("lint", [*bicep, "lint", str(main)])),
            pool.submit(list, _formatted(bicep, infra)),
            *(pool.submit(snapshot, bicep, path, "validate") for path in snapshots),
        ]
    return [words for each in judged for words in each.result()]


def snapshot(bicep: Sequence[str], path: Path, mode: str) -> list[str]:
    """Writes what this deployment would make, or compares it with the saved snapshot."""
    line = [*bicep, "snapshot", str(path), "--mode", mode, "--subscription-id", SUBSCRIPTION, *AS]
    hint = " (a wanted change: python3 -m local bicep --write)" if mode == "validate" else ""
    return list(_words(f"snapshot {path.name}{hint}", line))


def recent_versions(bicep: Sequence[str]) -> list[str]:
    """Api-versions that are behind today's: for a scheduled look, as the answer changes by itself."""
    with tempfile.TemporaryDirectory(prefix="desk-bicep-") as made:
        copy = shutil.copytree(INFRA, Path(made) / "infra")
        rules = (copy / "bicepconfig.json").read_text()
        off, on = '"use-recent-api-versions": { "level": "off" }', '"use-recent-api-versions": { "level": "warning" }'
        (copy / "bicepconfig.json").write_text(rules.replace(off, on))
        return list(_words("recent api-versions", [*bicep, "lint", str(copy / "main.bicep")]))


def _formatted(bicep: Sequence[str], infra: Path) -> Iterator[str]:
    """Formats a copy: where that changes a file, the file was not formatted."""
    with tempfile.TemporaryDirectory(prefix="desk-bicep-") as made:
        copy = Path(made)
        for path in infra.glob("*.bicep"):
            shutil.copy(path, copy)
        yield from _words("format", [*bicep, "format", "--pattern", f"{copy}/*.bicep"])
        for path in sorted(infra.glob("*.bicep")):
            if path.read_text() != (copy / path.name).read_text():
                yield f"format: bicep format {path} changes it"


def _words(name: str, line: Sequence[str]) -> Iterator[str]:
    """A warning ends with exit code 0, so what counts is whether anything was said."""
    done = subprocess.run(
        line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=MOST_SECONDS
    )
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr).strip()[:MOST_CHARACTERS]
    if said or done.returncode:
        yield f"{name}: exit {done.returncode}\n{said}"


def main(argv: Sequence[str]) -> int:
    """0 where the compiler had nothing to say; 0 without a compiler too, unless --needed."""
    parser = argparse.ArgumentParser(prog="python3 -m local bicep", description="The compiler's judgement of infra/.")
    parser.add_argument("--write", action="store_true", help="write the snapshots anew")
    parser.add_argument("--recent", action="store_true", help="name api-versions that are behind, and nothing else")
    parser.add_argument("--needed", action="store_true", help="no compiler is a failure")
    chosen = parser.parse_args(argv)
    bicep = compiler()
    if bicep is None:
        print(MISSING)
        return int(chosen.needed)
    if chosen.write:
        paths = sorted(DEPLOYMENTS.glob("*.bicepparam"))
        said = [words for path in paths for words in snapshot(bicep, path, "overwrite")]
    else:
        said = recent_versions(bicep) if chosen.recent else findings(bicep)
    print("\n".join(said) or f"{bicep[0]}: nothing to say")
    return int(bool(said))
