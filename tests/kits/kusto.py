"""The Kusto queries of alerts, workbook and docs, and what Kusto's own parser on Node says of them."""

import json
import re
import subprocess

from local.alerts.rules import ALERTS
from local.setup.node import NPM_FOLDER, ROOT, find_node

COLUMNS = "(timestamp: datetime, message: string, severityLevel: int, operation_Id: string)"
JUDGE = """
const bridge = "@kusto/language-service-next/";
require(bridge + "bridge.min.js"); require(bridge + "Kusto.Language.Bridge.min.js");
const L = Kusto.Language;
const said = {};
const queries = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const [name, query] of Object.entries(queries)) {
  const whole = "let traces = datatable" + process.argv[1] + "[]; " + query;
  const found = L.KustoCode.ParseAndAnalyze(whole).GetDiagnostics();
  said[name] = [];
  for (let i = 0; i < found.Count; i++) said[name].push(found.getItem(i).Message);
}
console.log(JSON.stringify(said));
"""


def queries() -> dict[str, str]:
    """Every alert's and workbook tile's query, by name."""
    alerts = {alert.name: alert.query for alert in ALERTS.values()}
    workbook = json.loads((ROOT / "infra" / "workbook.json").read_text("utf-8"))
    tiles = {str(item["name"]): str(item["content"]["query"]) for item in workbook["items"] if item["type"] == 3}
    assert alerts
    assert tiles
    return alerts | {name: query.replace("{period}", "> ago(1d)") for name, query in tiles.items()}


def of_docs() -> dict[str, str]:
    """The queries over `traces` that the docs tell people to run, by page and number."""
    pages = {page.stem: page.read_text("utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
    found = {page: re.findall(r"^```kusto\n(traces .*)\n```", text, re.M) for page, text in pages.items()}
    return {f"{page} {n}": query for page, listed in found.items() for n, query in enumerate(listed, 1)}


def audit() -> str:
    """The runbook's query of every step of every restore."""
    (found,) = [query for query in of_docs().values() if "sequence" in query]
    return found


def diagnostics(asked: dict[str, str]) -> dict[str, list[str]]:
    """What Kusto's own parser says of each query, columns included."""
    node = find_node(ROOT / ".venv")
    assert node is not None
    done = subprocess.run(  # noqa: S603 - our own Node
        [str(node), "-e", JUDGE, COLUMNS],
        cwd=NPM_FOLDER, input=json.dumps(asked), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found
