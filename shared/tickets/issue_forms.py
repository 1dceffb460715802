"""GitHub issue forms: an issue's body, written as `### Field` blocks, read back into its fields. Pure."""

import re

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_EMPTY = frozenset({"_No response_", "None"})


def read_form(body: str) -> dict[str, str | list[str]]:
    """The fields. What GitHub hides (comments) is not read, for nobody approved it; nor is a heading inside code.

    A field that stands twice gets a list of its values, which no request accepts: nobody can say which was meant.
    """
    blocks: list[tuple[str, list[str]]] = []
    fence = ""
    for line in re.split(r"\r?\n", _COMMENT.sub("", body)):
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and line.startswith("### "):
            blocks.append((line[4:].strip(), []))
        elif blocks:
            blocks[-1][1].append(line)
    found: dict[str, list[str]] = {}
    for name, lines in blocks:
        found.setdefault(name, []).append(_value("\n".join(lines)))
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in found.items()}


def _value(text: str) -> str:
    stripped = text.strip()
    return "" if stripped in _EMPTY else stripped
