"""The loader's throwaway server, for development: the sample is made on one."""

from loader.server import Server, ServerError

__all__ = ["Server", "ServerError"]
