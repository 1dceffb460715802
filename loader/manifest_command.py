"""`python -m loader manifest SOURCE [--json]`: what is here, read from the files' heads alone."""

import argparse
import json
import os
import sys
from typing import Any

from loader.manifest import Database, Manifest, read_manifest
from loader.progress import size
from loader.sources import SourceError, open_source
from loader.verdict import EXIT_CODES, Outcome
from loader.verify import report


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="a folder, or https://<account>.blob.<suffix>/<container>")
    parser.add_argument("--json", action="store_true", help="one line of JSON")


def main(parsed: argparse.Namespace) -> int:
    try:
        manifest = read_manifest(open_source(parsed.source, os.environ))
    except SourceError as error:
        print(error, file=sys.stderr)
        return EXIT_CODES[Outcome.INCONCLUSIVE]
    print(json.dumps(as_json(manifest), ensure_ascii=False) if parsed.json else "\n".join(lines(manifest)))
    return 0


def as_json(manifest: Manifest) -> dict[str, Any]:
    """Databases as in a verdict, with what only the manifest has: archive version, extensions, owners' trouble."""
    others = {"roles": manifest.roles, "tableSpaces": manifest.table_spaces, "definitions": manifest.definitions}
    return {
        "databases": [{**report(one).as_json(), **_more(one)} for one in manifest.databases],
        **{name: file.name if file else None for name, file in others.items()},
        "unknown": [file.name for file in manifest.unknown],
        "bytes": manifest.size,
    }


def _more(database: Database) -> dict[str, Any]:
    version = database.archive.header.version if database.archive else None
    return {
        "archiveVersion": ".".join(map(str, version)) if version else None,
        "extensions": database.extensions,
        "problem": database.damage or database.unsupported or None,
    }


def lines(manifest: Manifest) -> list[str]:
    """The same for people."""
    said: list[str] = []
    for one in manifest.databases:
        problem = database_problem(one)
        when = one.dumped_at.isoformat(" ") if one.dumped_at else "at an unknown time"
        made = f"server {one.server_version}, pg_dump {one.dump_version}, dumped {when}"
        about = f"{made}, {one.compression}, {one.tables} tables"
        said.append(f"{one.name}  {size(one.file.size)}  {problem or about}")
        said.append(f"    {one.file.name}")
        if one.extensions:
            said.append(f"    extensions: {', '.join(one.extensions)}")
    others = {"roles": manifest.roles, "table spaces": manifest.table_spaces, "definitions": manifest.definitions}
    said += [f"{name}: {file.name if file else 'no file'}" for name, file in others.items()]
    said += [f"of no known kind: {file.name}" for file in manifest.unknown]
    return said


def database_problem(database: Database) -> str:
    return database.damage or database.unsupported
