"""Route templates against paths, as ASP.NET and the Functions host match them."""

import pytest

from local.host.bindings import routes

GUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("api/restores", "/api/restores", {}),
        ("api/restores", "/API/Restores/", {}),
        ("api/restores", "/api/restores/7", None),
        ("api/restores", "/api", None),
        ("api/restores/{id}", "/api/restores/R-7", {"id": "R-7"}),
        ("api/restores/{id}", "/api/restores", None),
        ("api/restores/{id}", "/api/restores/", None),
        ("api/restores/{id}", "/api//restores/7", None),
        ("api/restores/{id}/withdraw", "/api/restores/7/withdraw", {"id": "7"}),
        ("api/{a}/x/{b}", "/api/1/x/2", {"a": "1", "b": "2"}),
        ("api/{name}", "/api/a%20b%C3%A9", {"name": "a bé"}),
        ("api/{name}", "/api/a%2Fb%2fc", {"name": "a%2Fb%2Fc"}),
        ("api/{id?}", "/api", {}),
        ("api/{id?}", "/api/7", {"id": "7"}),
        ("api/{id:int?}", "/api/x", None),
        ("api/{id=latest}", "/api", {"id": "latest"}),
        ("api/{*rest}", "/api/a/b/c", {"rest": "a/b/c"}),
        ("api/{*rest}", "/api", {}),
        ("api/report-{year:int}.json", "/api/report-2026.json", {"year": "2026"}),
        ("api/report-{year:int}.json", "/api/report-x.json", None),
        ("{n:int}", "/2147483647", {"n": "2147483647"}),
        ("{n:int}", "/2147483648", None),
        ("{n:long}", "/2147483648", {"n": "2147483648"}),
        ("{n:guid}", f"/{GUID}", {"n": GUID}),
        ("{n:guid}", "/no-guid", None),
        ("{n:alpha}", "/abc1", None),
        ("{n:bool}", "/True", {"n": "True"}),
        ("{n:length(3)}", "/abcd", None),
        ("{n:length(2,4)}", "/abcd", {"n": "abcd"}),
        ("{n:minlength(3)}", "/ab", None),
        ("{n:maxlength(3)}", "/ab", {"n": "ab"}),
        ("{n:range(1,9)}", "/10", None),
        ("{n:min(5)}", "/5", {"n": "5"}),
        ("{n:max(5)}", "/6", None),
        ("{n:int:min(1)}", "/0", None),
        ("", "/", {}),
    ],
)
def test_match(template: str, path: str, values: dict[str, str] | None) -> None:
    assert routes.parse(template).match(routes.split(path)) == values


@pytest.mark.parametrize("template", ["{id:regex(a)}", "{id:frobnicate}", "{id", "a}b", "{}", "{id:int(3)}"])
def test_a_template_it_cannot_read_is_refused(template: str) -> None:
    with pytest.raises(routes.InvalidRoute):
        routes.parse(template)


def test_the_first_route_whose_path_and_method_fit_is_taken() -> None:
    table = [
        (routes.parse("api/{id}"), frozenset({"POST"}), "post"),
        (routes.parse("api/fixed"), None, "any"),
        (routes.parse("api/{id}"), frozenset({"GET"}), "get"),
    ]
    assert routes.find(table, "POST", ["api", "fixed"]) == ("post", {"id": "fixed"})
    assert routes.find(table, "DELETE", ["api", "fixed"]) == ("any", {})
    assert routes.find(table, "GET", ["api", "7"]) == ("get", {"id": "7"})
    assert routes.find(table, "DELETE", ["api", "7"]) is None
