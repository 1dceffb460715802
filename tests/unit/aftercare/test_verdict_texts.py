"""What a loader says is kept without signed URLs, whichever text they stand in."""

import json

from shared.aftercare.verdicts import _kept
from shared.aftercare.verification_messages import Result

URL = "https://drills.blob.core.windows.net/rd-1/a.sql?sv=2024&sig=c2VjcmV0c2VjcmV0c2VjcmV0%3D"


def test_no_text_of_a_verdict_keeps_a_signed_url() -> None:
    said = {
        "verdict": "failed", "level": "loaded", "reason": f"read {URL}", "file": URL,
        "totals": {"databases": 1, "tables": 1, "rows": 1, "bytes": 1},
        "checks": [{"name": "orders", "database": "shop", "passed": False, "reason": f"it saw {URL}"}],
        "warnings": [URL], "proves": [URL], "seconds": 1.5,
    }  # fmt: skip
    kept = _kept(Result.model_validate_json(json.dumps(said))).model_dump_json()
    assert "sig=" not in kept
    assert kept.count("drills.blob.core.windows.net/rd-1/a.sql") == 5
