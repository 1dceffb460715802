"""What the tests of advice share: the next step of a failed restore."""

from shared.advice.next_steps import next_step
from shared.domain.restore import Phase, Plan
from tests.kits.restores import FILES, FLEXIBLE, SINGLE, a_restore, an_error


def failed(code: str, plan: Plan = FILES, inner: str | None = None, message: str = "") -> str:
    source = SINGLE if plan.kind == "database" else FLEXIBLE
    error = an_error(code, inner_code=inner, activity_id="act-1", message=message)
    return next_step(a_restore(Phase.FAILED, plan=plan, datasource=source, error=error)) or ""
