"""What Celery beat rings for, and how often (seconds).

A tick only rings the bell. What was missed is made good by the next one, so an old tick that nobody
took expires (`within`) before the next is due.
"""

from __future__ import annotations

from typing import Any


def _tick(task: str, *, every: int, within: int) -> dict[str, Any]:
    return {"task": task, "schedule": float(every), "options": {"expires": within}}


SCHEDULE = {
    "dispatch-due-messages": _tick("aftercare.tasks.dispatch_due", every=30, within=25),
    "ring-alarms": _tick("aftercare.tasks.ring_alarms", every=10, within=9),
    "look-round": _tick("aftercare.tasks.look_round", every=3_600, within=1_800),
    "seal-audit": _tick("mesoclinic.audit.tasks.seal", every=60, within=55),
    "sweep-files": _tick("patients.tasks.sweep", every=21_600, within=3_600),
    "go-on-with-imports": _tick("patients.tasks.imports", every=30, within=25),
    "forget-what-is-due": _tick("patients.tasks.forget", every=21_600, within=3_600),
    "let-holds-lapse": _tick("scheduling.tasks.let_holds_lapse", every=60, within=55),
    "offer-freed-times": _tick("scheduling.tasks.offer_freed_times", every=60, within=55),
    "ask-for-screenings": _tick("scheduling.tasks.ask_for_screenings", every=3_600, within=1_800),
    "extend-public-holidays": _tick(
        "scheduling.tasks.extend_public_holidays", every=21_600, within=3_600
    ),
    "heartbeat": _tick("mesoclinic.health.heartbeat", every=30, within=25),
}
