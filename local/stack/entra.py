"""A tenant of Entra on this machine: the document of its keys, and tokens of one application that may ask."""

import json
import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

TENANT = "aaaaaaaa-2222-3333-4444-555555555555"
CLIENT = "bbbbbbbb-2222-3333-4444-555555555555"
AUDIENCE = "restore-desk"
SOURCE = f"""
[tickets.portal] # a service of yours, which signs in as an application
kind = "generic"
auth = "entra"
tenant = "{TENANT}"
audience = "{AUDIENCE}"
clients = ["{CLIENT}"]
instances = ["pg-prod-01"]
targets = ["drills"]
when = "body.event == 'restore.requested'"
request = "{{instance: body.instance, target: body.target, requestedBy: body.requester, reason: body.reason}}"
key = "body.id"
"""


class Tenant:
    """Keys of its own for each run."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._id = uuid.uuid4().hex

    def keys(self) -> dict[str, Any]:
        """What lies at `<authority>/<tenant>/discovery/v2.0/keys`."""
        shown = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**shown, "kid": self._id, "use": "sig"}]}

    def token(self, authority: str, **more: Any) -> str:
        """An application's token for the desk, of version 2; `more` are claims of another one."""
        now = int(time.time())
        claims = {
            "iss": f"{authority}/{TENANT}/v2.0", "tid": TENANT, "aud": AUDIENCE, "azp": CLIENT, "idtyp": "app",
            "roles": ["Restore.Request"], "nbf": now - 60, "iat": now, "exp": now + 3600,
        }  # fmt: skip
        return jwt.encode({**claims, **more}, self._key, "RS256", {"kid": self._id})
