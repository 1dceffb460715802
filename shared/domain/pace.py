"""Every duration of ours, in one value; seconds unless the name says otherwise. Pure."""

from dataclasses import fields, replace

from shared.frozen import frozen


@frozen
class Pace:
    """The production pace. A local run divides it (`faster`), so that nothing in the app knows it is a rehearsal."""

    shortest_poll: float = 5
    validation_likely: float = 48  # recorded validations took 40-55 s; a first look at 45 s came just too early
    operation_likely: float = 5  # recorded restore operations took 1-5 s
    poll_default: float = 30  # when Azure sends no Retry-After
    job_likely: float = 110  # recorded jobs took 106 s and longer
    hold_message: float = 60  # a longer wait is the sweep's
    submit_window: float = 20  # from the save of `submitting` to the POST
    submit_total: float = 60  # the POST and its answer, all in all
    grace: float = 900  # from the first reading of the vault's jobs until `lost` may be said
    grace_before_second: float = 5400  # ... until a second attempt may be made: a job was once seen listed late
    reconcile_every: float = 120  # between two readings of a vault's jobs for a submission in doubt
    claim_grace: float = 60  # from the claim of an idempotency key until a request that was never saved loses it
    skew: float = 300  # how far apart the clocks of two workers may be
    lost_look: float = 900  # between two readings for a restore that is lost
    lost_for: float = 13 * 24 * 3600  # the list shows 14 days: past 13 it proves nothing, and is read no more
    before_submission: float = 24 * 3600  # from the turn to `submitting`
    overdue: float = 12 * 3600  # from the submission to "overdue"
    overdue_archive: float = 48 * 3600  # rehydration itself takes up to 15 hours
    overdue_poll: float = 900
    budget_window: float = 60  # in which Azure counts calls; the real window is not published
    back_off: float = 20
    back_off_most: float = 900
    rights_settle: float = 600  # from the turn, or the first POST: so long a missing right is asked for again
    rights_poll: float = 120
    points_fresh: float = 300  # how long a cached list of points serves the API
    verify_look: float = 1800  # between two looks at a verification that no loader has answered
    verify_lost: float = 24 * 3600  # from the asking: how long a verdict is waited for
    points_look: float = 24 * 3600  # the sweep reads each instance's points so often
    facts_fresh: float = 24 * 3600  # how long a vault's and an instance's own facts are believed
    hour: float = 3600  # an hour of keepHours
    cleanup_hold: float = 300  # how long one sweep has for a DELETE before another one may take over
    cleanup_again: float = 24 * 3600  # a container that could not be deleted is tried again so often
    containers_look: float = 24 * 3600  # the accounts of desk.toml are listed so often
    containers_mend: float = 600  # ... and so often while something there is to be mended
    notice_delays: tuple[float, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    sweep_budget: float = 240  # a sweep stops in time for its function timeout
    idle_pulse: float = 20  # with nothing unfinished a pulse is kept so long; a deployment's sweeps are rarer than that
    full_round: float = 600  # so often a sweep looks at the vaults that are said to be idle, too
    delivery_wait: float = 20  # from its begin a sweep waits so long for slow channels; then they go on without it
    sweep_silent: float = 600  # no sweep finished for so long: health says so
    outbox_late: float = 900  # a notice due for so long: health says so

    def faster(self, factor: float) -> "Pace":
        """The same pace, every duration divided by `factor`."""
        if factor == 1:
            return self
        kept = {"sweep_budget", "idle_pulse"}
        changes: dict[str, float | tuple[float, ...]] = {}
        for name in (field.name for field in fields(self) if field.name not in kept):
            value = getattr(self, name)
            changes[name] = tuple(v / factor for v in value) if isinstance(value, tuple) else value / factor
        # a POST takes real time on any machine
        changes |= {
            "submit_window": max(self.submit_window / factor, 3),
            "submit_total": max(self.submit_total / factor, 6),
            "cleanup_hold": max(self.cleanup_hold / factor, 30),
            "sweep_silent": max(self.sweep_silent / factor, 60),
            "delivery_wait": max(self.delivery_wait / factor, 0.5),
            "outbox_late": max(self.outbox_late / factor, 60),
            "verify_look": max(self.verify_look / factor, 10),
            "verify_lost": max(self.verify_lost / factor, 600),
        }
        return replace(self, **changes)  # type: ignore[arg-type]

    def back_off_for(self, tries: int, jitter: float) -> float:
        """Seconds to wait after the `tries`-th trouble in a row; `jitter` is 0..1."""
        return float(min(self.back_off * 2 ** min(tries, 12), self.back_off_most) * (0.75 + jitter / 2))

    def job_poll(self, elapsed: float, cost: float = 1.0) -> float:
        """Seconds until the next poll of a job that has run for `elapsed` seconds. `cost` is the calls of a poll: 1 for
        a GET, less if one list shows many jobs. The usual wait is a twentieth of the age, 30 s to 5 min. At cost 1 it
        is half of the age in the first minutes, at most 2 min."""
        usual = min(elapsed / 20, self.poll_default * 10)
        dear = min(elapsed * cost / 2, self.poll_default * 4)
        return max(usual, dear, self.poll_default)
