"""Progress: a moving line with bytes and time left on a terminal, plain lines elsewhere."""

import io

import pytest

from loader.progress import Progress, duration, size

MIB = 1 << 20


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Moves on by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_bytes_and_time_left(out: type[io.StringIO]) -> None:
    stream, clock = out(), Clock()
    progress = Progress(100 * MIB, stream, clock)
    progress.begin("shop.sql")
    for _ in range(4):
        clock.now += 10
        progress.advance(10 * MIB)
    progress.end()
    text = stream.getvalue()
    assert "40.0 MiB of 100.0 MiB, 1.0 MiB/s, 1 min 00 s left  shop.sql" in text or not stream.isatty()
    if stream.isatty():
        assert text.endswith("\r\033[K")
        assert "\n" not in text
    else:
        assert text == "reading shop.sql\n30.0 MiB of 100.0 MiB, 1.0 MiB/s, 1 min 10 s left  shop.sql\n"


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (1 << 42, "4,096.0 GiB")]
)
def test_sizes(count: int, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (59.4, "59 s"), (61, "1 min 01 s"), (3660, "1 h 01 min")])
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
