"""The API's contract in OpenAPI 3.1, generated from the models and the table of routes."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.api.http import PROBLEM, Answer, Call, json_answer
from shared.api.listing import LINES
from shared.api.route_texts import TAGS, TEXTS, camel
from shared.api.routes import ROUTES, SAMPLES, WAIT, Answers, Json, Route
from shared.api.schemas import ProblemView
from shared.domain.request import RestoreRequest
from shared.domain.version import VERSION

TITLES = {
    400: "the request cannot be read",
    403: "desk.toml does not allow this",
    404: "there is no such thing",
    409: "not as things stand; `possible` says what is",
    413: "the body is too large",
    422: "a field is missing, unknown or cannot be used; `field` and `errors` name it",
    502: "Azure said no",
}
ABOUT = """\
Asks for restores of Azure Databases for PostgreSQL, and follows them. Unknown fields of a request are refused by name;
readers of answers must let unknown fields pass. Keys are handed out per function (header `x-functions-key`)."""


def document() -> Json:
    """The whole contract."""
    models = sorted({model for route in ROUTES for model in _models(route)}, key=lambda m: m.__name__)
    template = "#/components/schemas/{model}"
    schemas = models_json_schema([(m, "validation") for m in models], ref_template=template)[1]["$defs"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Restore Desk",
            "version": VERSION,
            "description": ABOUT,
            "contact": {"name": "whoever operates this desk"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
        "servers": [{"url": "/api"}],
        "security": [{"key": []}],
        "paths": _paths(),
        "components": {
            "schemas": _untitled(schemas),
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-functions-key"}},
        },
    }


def served(call: Call) -> Answer:
    """GET /api/openapi.json"""
    return _answer()


@cache
def _answer() -> Answer:
    return json_answer(200, document())


def _models(route: Route) -> list[type[BaseModel]]:
    return [ProblemView, *(answer.model for answer in route.answers.values()), *([route.body] if route.body else [])]


def _paths() -> Json:
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return paths


def _operation(route: Route) -> Json:
    responses = {str(status): _answers(answers) for status, answers in route.answers.items()}
    responses |= {str(status): _problem(TITLES[status]) for status in route.problems}
    text = TEXTS[route.name]
    made: Json = {
        "operationId": camel(route.name),
        "tags": [text.tag],
        "summary": route.summary,
        "description": text.about,
        "responses": responses,
    }
    if route.keyed:
        responses["500"] = _problem("a fault of the desk; `fault` is in its log")
        responses["401"] = {"description": "no key, or not this function's; of a webhook: not verified"}
        responses["503"] = _problem("not now: desk.toml has a fault, or storage or Azure does not answer", WAIT)
    else:
        made["security"] = []
        responses["404"] = {"description": "from the host alone: the app did not load, so no function is there"}
    if route.parameters:
        made["parameters"] = list(route.parameters)
    if route.body:
        content: Json = {"schema": _ref(route.body)}
        if route.body is RestoreRequest:
            content["examples"] = {name: {"value": value} for name, value in SAMPLES.items()}
        elif text.sample:
            content["examples"] = {"sample": {"value": text.sample}}
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    made["responses"] = dict(sorted(responses.items()))
    return made


def _answers(answers: Answers) -> Json:
    words = answers.words or (answers.model.__doc__ or "").split("\n")[0]
    content: Json = {"application/json": {"schema": _ref(answers.model)}}
    if answers.model.__name__ == "RestorePage":
        content[LINES] = {"schema": {"type": "string", "description": "a RestoreView a line"}}
    made: Json = {"description": words, "content": content}
    return {**made, "headers": answers.headers} if answers.headers else made


def _problem(words: str, headers: Json | None = None) -> Json:
    made: Json = {"description": words, "content": {PROBLEM: {"schema": _ref(ProblemView)}}}
    return {**made, "headers": headers} if headers else made


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _untitled(schema: Any) -> Any:
    """Without pydantic's titles, which only repeat the names."""
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _untitled(part)
        for name, part in schema.items()
        if not (name == "title" and isinstance(part, str)) and not (name == "default" and part is None)
    }
