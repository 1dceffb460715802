"""What of an archive's own words becomes part of a statement for a person's server."""

import pytest

from loader.archive import Archive, Entry, Header
from loader.load_plan import comment_of

HEADER = Header((1, 16), "gzip", None, "shop", "18.1", "18.1")


def archive(definition: str) -> Archive:
    entry = Entry(1, False, "COMMENT", "", "DATABASE shop", "o", definition, b"", None)
    return Archive(HEADER, (entry,), 0)


@pytest.mark.parametrize("text", ["'the shop''s; data'", r"E'a\\b\'c'", r"'a\b'", "'two\nlines'"])
def test_a_databases_comment_is_kept(text: str) -> None:
    assert comment_of(archive(f"COMMENT ON DATABASE shop IS {text};\n")) == text


@pytest.mark.parametrize("text", ["'a' || evil()", r"'a\' || evil() --'", "'a'; drop database prod; --'", "NULL", "'a"])
def test_a_comment_that_is_more_than_a_text_is_not_run(text: str) -> None:
    assert comment_of(archive(f"COMMENT ON DATABASE shop IS {text};\n")) == ""
