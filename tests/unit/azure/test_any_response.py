"""Whatever Azure sends, reading it never breaks."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.azure.responses import read_error, read_job, read_operation

NAMES = st.sampled_from(
    [
        "status",
        "error",
        "code",
        "message",
        "additionalInfo",
        "info",
        "type",
        "innerError",
        "properties",
        "name",
        "jobId",
        "extendedInfo",
        "subTasks",
        "warningDetails",
        "warning",
        "errorDetails",
        "duration",
        "startTime",
        "endTime",
        "recommendedAction",
        "embeddedInnerError",
        "dataTransferredInBytes",
        "taskProgress",
        "additionalDetails",
    ]
)
LEAVES = (
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
    | st.sampled_from(["Failed", "Completed", "UserFacingError", "0001-01-01T00:00:00Z"])
)  # fmt: skip
ANY_JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)


@settings(max_examples=300, deadline=None)
@given(body=ANY_JSON, more=st.dictionaries(NAMES, ANY_JSON, max_size=6))
def test_whatever_azure_sends_reading_it_never_breaks(body: Any, more: dict[str, Any]) -> None:
    for said in (body, more, {"name": "j", "properties": more}):
        assert read_operation(said, "operation").ended in ("running", "succeeded", "failed")
        assert read_error(said, "request", "fallback", 500).code
        read = read_job(said)
        assert read is None or read.ended in ("running", "succeeded", "failed")
