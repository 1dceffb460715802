"""Whom TLS trusts: the authorities of a file, or those that Mozilla trusts, which httpx trusts too."""

import ssl


def trusted(bundle: str | None = None) -> ssl.SSLContext:
    """A context; to make one takes 15 CPU ms and a MiB. OSError if the file cannot be read."""
    if bundle:
        return ssl.create_default_context(cafile=bundle)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
