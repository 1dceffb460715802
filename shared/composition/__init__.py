"""The one place where the real parts are built: lazily, once, on the first call that needs them."""

from shared.composition.app import App, app

__all__ = ["App", "app"]
