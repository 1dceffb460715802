"""Every identity but the platform's own, by azure-identity: a developer's sign-in, a federated one, a secret."""

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from shared.wire.identity import NoToken, Token


class SdkIdentity:
    """Asks azure-identity's chain."""

    def __init__(self, client_id: str | None, options: dict[str, str | bool]) -> None:
        self._chain = DefaultAzureCredential(managed_identity_client_id=client_id, **options)

    def ask(self, scope: str) -> Token:
        """A new token; NoToken."""
        try:
            found = self._chain.get_token(scope)
        except AzureError as error:
            raise NoToken(type(error).__name__) from error
        return Token(found.token, found.expires_on)
