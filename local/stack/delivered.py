"""What a local stack's restores deliver, and where to: real dumps in a folder a variant, containers in Azurite."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from local.postgres.delivery import delivery
from local.stack.azurite import TARGETS, Azurite
from shared.config.desk_file import parse_desk
from shared.config.plans import filled
from shared.config.target_entries import FilesEntry
from shared.domain.problems import Ours

MAJOR = 18


def variants(home: Path) -> Path:
    """A folder a variant: `custom` is what a restore delivers, in `truncated` one database's file is cut off, `zstd`
    is compressed so."""
    made = home / "dumps"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    for name, compress in (("custom", ""), ("zstd", "zstd")):
        (made / name).symlink_to(delivery(MAJOR, compress=compress).folder.resolve())
    shutil.copytree(made / "custom", made / "truncated")
    cut = next((made / "truncated").glob("*_database_shop.sql"))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    return made


def make_containers(azurite: Azurite, config: Path, more: Iterable[tuple[str, str]] = ()) -> None:
    """The containers that desk.toml's targets name, in accounts that Azurite has; `more` are accounts and names."""
    for account, name in {*_of_targets(config), *more}:
        if account in TARGETS:
            with suppress(ResourceExistsError):
                blobs(azurite, account).create_container(name)


def _of_targets(config: Path) -> set[tuple[str, str]]:
    try:
        desk = parse_desk(config.read_text(encoding="utf-8-sig"))
    except (Ours, OSError):
        return set()  # health says what is wrong with the file
    found = set()
    for name, instance in desk.instances.items():
        for target in (desk.targets[one] for one in instance.targets):
            if isinstance(target, FilesEntry) and target.container:
                host, _, container = filled(target, name).container.removeprefix("https://").partition("/")
                found.add((host.partition(".")[0], container))
    return found


def blobs(azurite: Azurite, account: str) -> BlobServiceClient:
    """The blob service of one of Azurite's accounts."""
    credential = {"account_name": account, "account_key": azurite.key}
    return BlobServiceClient(f"{azurite.blob_endpoint}/{account}", credential=credential)


def connection_string(azurite: Azurite, account: str) -> str:
    """The connection string to read an account's delivered files."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={azurite.key};"
        f"BlobEndpoint={azurite.blob_endpoint}/{account};"
    )
