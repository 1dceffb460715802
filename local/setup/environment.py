"""Knows which of the inherited settings a self-contained run may see. Pure."""

import re
from collections.abc import Mapping

# Named one by one, so that a storage account, a tenant or a channel of whoever runs it cannot slip in by a name
# nobody thought of: desk.toml may take a channel's secret from any variable.
KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|PWD|TZ|LANG|LANGUAGE|LC_\w+|TMPDIR|TEMP|TMP|LD_LIBRARY_PATH|DYLD_\w+|XDG_\w+"
    r"|TERM|COLORTERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|CI|GITHUB_ACTIONS|TF_BUILD"
    r"|PYTHON\w+|PYTEST_\w+|HYPOTHESIS_\w+|RUFF_\w+|MYPY_\w+|PIP_\w+|UV_\w+|NPM_CONFIG_\w+|PYENV_ROOT"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|(HTTP|HTTPS|ALL|NO)_PROXY",
    re.IGNORECASE,
)
LOOPBACK = "127.0.0.1,localhost,::1"


def hermetic(inherited: Mapping[str, str]) -> dict[str, str]:
    """What a machine needs to run programs and reach package indexes; nothing that points at an Azure or a channel."""
    kept = {name: value for name, value in inherited.items() if KEPT.fullmatch(name)}
    for name in ("NO_PROXY", "no_proxy"):  # all traffic of a local run is loopback: a proxy would only lose it
        kept[name] = ",".join(filter(None, (kept.get(name), LOOPBACK)))
    return kept
