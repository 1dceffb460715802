"""What Azure says of vaults and instances, cached in the ledger's shared rows."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from shared.azure.port import Rejected, VaultFacts
from shared.domain.restore import Datasource
from shared.workflow.ports import Parts


def vault_facts(parts: Parts, vault: str, anew: bool = False) -> VaultFacts:
    """What a vault says of itself: read once a day, shared by all; `anew` before something is refused by it."""
    since = parts.now() - timedelta(seconds=parts.pace.facts_fresh)
    known = None if anew else parts.board.recall_since(vault, "vault", since)
    if known:
        return VaultFacts(**known)
    facts = parts.azure.vault(vault)
    parts.board.remember(vault, "vault", vars(facts), parts.now())
    return facts


def instance_name(instance: str) -> str:
    """The name under which the facts of an instance are cached."""
    return "instance-" + instance.rsplit("/", 1)[-1].lower()


def learn_instances(parts: Parts, vault: str, instances: set[str]) -> None:
    """Reads two or more unknown instances of a vault by one list instead of a GET each."""
    since = parts.now() - timedelta(seconds=parts.pace.facts_fresh)
    wanted = {instance_name(instance) for instance in instances} - parts.board.known(vault, "instance-", since)
    found: dict[str, dict[str, Any]] = {}
    if len(wanted) < 2:
        return
    with suppress(Rejected):  # each is then asked for by itself, and says why not
        for identity, source in parts.azure.instances(vault):
            if instance_name(identity) in wanted:
                found[instance_name(identity)] = source.json_value()
            if len(found) == len(wanted):
                break
    parts.board.remember_all(vault, found, parts.now())


def remembered_source(parts: Parts, instance: str) -> Datasource | None:
    """What an instance protects, as last read, however long ago; no call of Azure is made."""
    known = parts.board.recall(instance.rsplit("/", 2)[0], instance_name(instance))
    return Datasource.model_validate(known[1]) if known else None


def datasource(parts: Parts, vault: str, instance: str) -> Datasource:
    """What an instance protects: read once a day."""
    name = instance_name(instance)
    known = parts.board.recall_since(vault, name, parts.now() - timedelta(seconds=parts.pace.facts_fresh))
    if known:
        return Datasource.model_validate(known)
    found = parts.azure.datasource(instance)
    parts.board.remember(vault, name, found.json_value(), parts.now())
    return found
