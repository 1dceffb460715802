"""The published schemas, read by the tools that others read them with: AJV and Spectral, on Node."""

import subprocess

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


def test_spectral_has_nothing_to_say() -> None:
    tool = NPM_FOLDER / "node_modules" / "@stoplight" / "spectral-cli" / "dist" / "index.js"
    ruleset = str(NPM_FOLDER / "spectral.yaml")
    done = node(str(tool), "lint", str(ROOT / "docs/openapi.json"), "-r", ruleset, "--fail-severity", "hint")
    assert done.returncode == 0, done.stdout[-3000:]
