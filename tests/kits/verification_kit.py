"""A world whose deliveries are verified."""

from shared.aftercare.verifications import Verifications
from shared.config.desk_file import parse_desk
from shared.domain.restore import Phase
from shared.domain.verification import Verification
from shared.storage.ledger import Ledger
from tests.kits.aftercare_kit import DESK_TEXT, asked
from tests.kits.stories import up_to
from tests.kits.world import World

_SETTINGS = """databases = ["shop"]
[instances.pg-a.checks]
fresh = { database = "shop", sql = "select true" }
[instances.pg-b]"""
ASKED = DESK_TEXT.replace('verify = "none"', 'verify = "decoded"').replace("[instances.pg-b]", _SETTINGS, 1)


def verifying_world(text: str = ASKED) -> World:
    return World(desk=parse_desk(text))


def delivered(world: World, key: str = "k") -> str:
    """A restore that succeeded."""
    one = asked(world, key)
    up_to(world, one, Phase.SUCCEEDED)
    return one


def verification(world: World, one: str) -> Verification:
    found = Verifications(Ledger(world.store)).of(one)
    assert found is not None
    return found


__all__ = ["asked"]
