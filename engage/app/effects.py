"""What the outreach changed, by the protocol: the treated against the held out."""

from __future__ import annotations

from engage.app.app import App
from engage.domain.runs import JobReport


def measure_effect(app: App) -> JobReport:
    """Measure."""
    return JobReport()
