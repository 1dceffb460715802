"""The contracts: generated from the models, committed as generated, one operation for each HTTP function."""

import json
import tomllib
from pathlib import Path

import jsonschema_rs
import pytest

import function_app
from local.build.contract import PUBLISHED, desk_schema, text
from local.host.process import ROOT
from shared.api.http import Call
from shared.api.openapi import document, served
from shared.api.routes import ROUTES


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_committed_is_what_is_generated(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == text(PUBLISHED[name]()), (
        "run: .venv/bin/python -m local.build.contract"
    )


def test_each_http_function_is_an_operation_and_each_operation_a_function() -> None:
    declared = set()
    for function in function_app.app.get_functions():
        trigger = function.get_trigger()
        if trigger and trigger.type == "httpTrigger":
            told = trigger.get_dict_repr()
            keyed = str(getattr(told["authLevel"], "value", told["authLevel"])).upper() != "ANONYMOUS"
            method = getattr(told["methods"][0], "value", told["methods"][0])
            declared.add((function.get_function_name(), str(method), f"/{told['route']}", keyed))
    page = {("show_page", "GET", "/desk/{*path}", False), ("act_on_page", "POST", "/desk/{*path}", False)}
    assert declared == page | {(route.name, route.method, f"/api{route.path}", route.keyed) for route in ROUTES}


def test_what_is_served_is_the_document() -> None:
    answer = served(Call())
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == document()


def test_every_reference_leads_somewhere() -> None:
    whole = text(document())
    names = document()["components"]["schemas"].keys()
    referred = {part.split('"')[0] for part in whole.split("#/components/schemas/")[1:]}
    assert referred == names


def test_each_operation_says_its_problems_and_which_model_its_body_has() -> None:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert ("requestBody" in operation) == (method == "post"), path
            for status, answer in operation["responses"].items():
                problem = "application/problem+json" in answer.get("content", {})
                told = int(status) < 400 or status == "401" or path in ("/health", "/channels/{name}/test")
                assert problem or told, f"{method} {path} {status}"


SAMPLES = [*sorted((ROOT / "samples").glob("*.toml")), *sorted((ROOT / "tests" / "samples").rglob("desk*.toml"))]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sample_files_keep_to_the_published_schema(path: Path) -> None:
    jsonschema_rs.validate(desk_schema(), tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[instances.a]\nid = 1", "an id is text"),
        ("[strange]", "an unknown table"),
        ('[channels.a]\nkind = "carrier-pigeon"', "an unknown kind"),
        ('[instances."-"]\nid = "x"', "a name that is none"),
    ],
)
def test_the_published_schema_refuses(line: str, why: str) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(desk_schema(), tomllib.loads(line))
