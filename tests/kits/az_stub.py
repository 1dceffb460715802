"""A stand-in for `az` on the path of a real shell: its storage commands act on Azurite, anything else is refused."""

import argparse
import json
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jmespath
from azure.storage.blob import BlobServiceClient, ContainerClient

from local.stack.azurite import Azurite

OPTIONS = {"list": ("query", "num-results", "prefix"), "download": ("name", "file"), "delete": ("name",)}
# The program on the path only passes its arguments on: importing the SDK anew for each file would take a second.
PROGRAM = """#!{python} -ISE
import json, os, socket, sys
to = socket.create_connection(("127.0.0.1", {port}))
to.sendall(json.dumps([os.getcwd(), sys.argv[1:]]).encode() + b"\\n")
code, out, err = json.load(to.makefile())
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


@contextmanager
def az_on_path(folder: Path, azurite: Azurite) -> Iterator[None]:
    """Puts an `az` into the folder for as long as the block lasts."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            home, arguments = json.loads(self.rfile.readline())
            try:
                answer = (0, called(azurite, Path(home), arguments), "")
            except BaseException as error:  # noqa: BLE001 - what az would print
                answer = (1, "", f"az: {type(error).__name__} {error}\n")
            self.wfile.write(json.dumps(answer).encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        az = folder / "az"
        az.write_text(PROGRAM.format(python=sys.executable, port=server.server_address[1]))
        az.chmod(0o755)
        yield
        server.shutdown()


def called(azurite: Azurite, home: Path, arguments: list[str]) -> str:
    """`az storage blob list|download|delete` with the options that the notices use; what it prints."""
    act = arguments[2]
    if arguments[:2] != ["storage", "blob"] or act not in OPTIONS:
        raise ValueError(f"not one of {list(OPTIONS)}: {arguments[:3]}")
    parser = argparse.ArgumentParser(prog="az", allow_abbrev=False, exit_on_error=False)
    for name in ("account-name", "container-name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--auth-mode", choices=["login"], required=True)
    parser.add_argument("-o", choices=["tsv", "table", "none"], required=True)
    for name in OPTIONS[act]:
        parser.add_argument(f"--{name}")
    given = parser.parse_args(arguments[3:])
    credential = {"account_name": given.account_name, "account_key": azurite.key}
    with BlobServiceClient(f"{azurite.blob_endpoint}/{given.account_name}", credential=credential) as service:
        container = service.get_container_client(given.container_name)
        if act == "list":
            return shown(container, given)
        if act == "download":
            (home / given.file).write_bytes(container.download_blob(given.name).readall())
        else:
            container.delete_blob(given.name)
    return ""


def shown(container: ContainerClient, given: argparse.Namespace) -> str:
    """Without --num-results az shows 5,000 at the most."""
    assert given.num_results == "*"
    blobs = [
        {"name": blob.name, "properties": {"contentLength": blob.size, "creationTime": blob.creation_time.isoformat()}}
        for blob in container.list_blobs(name_starts_with=given.prefix)
    ]
    found = jmespath.search(given.query, blobs)
    return "".join((line if isinstance(line, str) else "  ".join(map(str, line))) + "\n" for line in found)
