"""`up` beside another: a port that is taken or a folder in use is said in words, before anything is started."""

import socket
from pathlib import Path

import pytest

from local.stack.stack import Options
from local.stack.up import alone
from shared.domain.problems import Ours


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Ours, match=rf"port {port} .*--port"), alone(Options(port=port, home=tmp_path)):
            pass


def test_a_folder_in_which_another_one_works(tmp_path: Path) -> None:
    options = Options(home=tmp_path / "up")
    with alone(options), pytest.raises(Ours, match=r"another `up`.*--state"), alone(options):
        pass
    with alone(options):
        pass  # the first has ended
