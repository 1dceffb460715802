"""The published schemas, read by the tools that others read them with: AJV, Spectral and Redocly, on Node."""

import json
import subprocess
from pathlib import Path

import pytest

from local.setup.node import NPM_FOLDER, ROOT, find_node

pytestmark = pytest.mark.slow
NODE = find_node(ROOT / ".venv")
COMPILE = """
const Ajv = require("ajv/dist/2020").default, fs = require("fs");
let compiled = 0;
for (const file of process.argv.slice(1)) {
  const whole = JSON.parse(fs.readFileSync(file, "utf8"));
  const parts = whole.components ? whole.components.schemas : { whole };
  const defs = whole.components ? { components: whole.components } : {};
  for (const [name, schema] of Object.entries(parts)) {
    const ajv = new Ajv({ strict: false, unicodeRegExp: true, validateFormats: false, logger: false });
    ajv.compile({ ...defs, ...schema });
    compiled += 1;
  }
  const patterns = [...JSON.stringify(whole).matchAll(/"pattern":("(?:[^"\\\\\\\\]|\\\\\\\\.)*")/g)];
  for (const found of patterns) new RegExp(JSON.parse(found[1]), "u");
  compiled += patterns.length;
}
console.log(compiled);
"""


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    return subprocess.run([str(NODE), *arguments], cwd=NPM_FOLDER, capture_output=True, text=True, check=False)  # noqa: S603 - our own Node


def test_every_schema_and_pattern_compiles_in_javascript() -> None:
    done = node("-e", COMPILE, str(ROOT / "docs/openapi.json"), str(ROOT / "docs/desk.schema.json"))
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 60


REDOCLY = """
import { createConfig, lint } from "@redocly/openapi-core";
const config = await createConfig({ extends: ["recommended"] });
const said = [];
for (const ref of process.argv.slice(1)) {
  const problems = await lint({ ref, config });
  said.push(problems.map((one) => `${one.severity} ${one.ruleId} ${one.message} ${one.location[0].pointer}`));
}
console.log(JSON.stringify(said));
"""


def test_redocly_has_nothing_to_say(tmp_path: Path) -> None:
    spoilt = json.loads((ROOT / "docs/openapi.json").read_text())
    del spoilt["info"]["license"]
    (tmp_path / "spoilt.json").write_text(json.dumps(spoilt))
    done = node("--input-type=module", "-e", REDOCLY, str(ROOT / "docs/openapi.json"), str(tmp_path / "spoilt.json"))
    assert done.returncode == 0, done.stderr[-2000:]
    published, bad = json.loads(done.stdout)
    assert published == []
    assert any("info-license" in line for line in bad)


def test_spectral_has_nothing_to_say() -> None:
    tool = NPM_FOLDER / "node_modules" / "@stoplight" / "spectral-cli" / "dist" / "index.js"
    ruleset = str(NPM_FOLDER / "spectral.yaml")
    done = node(str(tool), "lint", str(ROOT / "docs/openapi.json"), "-r", ruleset, "--fail-severity", "hint")
    assert done.returncode == 0, done.stdout[-3000:]
