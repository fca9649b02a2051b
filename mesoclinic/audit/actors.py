"""Who does something: the answer travels with every service call and into every audit row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

ActorKind = Literal["staff", "token", "link", "system", "anonymous"]


@dataclass(frozen=True)
class Actor:
    """A person, a program or the house itself.

    `id` is the id of the staff member, API token or patient link (text, empty for the system);
    `label` is what a reader of the audit sees (a name, never health data); `role` is the clinic
    role in force for this call; `staff_id` is set where a staff member stands behind it.
    """

    kind: ActorKind
    id: str
    label: str
    clinic_id: UUID | None = None
    role: str | None = None
    staff_id: UUID | None = None
    request_id: str = ""

    @classmethod
    def system(cls, clinic_id: UUID | None = None, label: str = "system") -> Actor:
        """The house itself: beat, commands, loaders. `label` names the job."""
        return cls(kind="system", id="", label=label, clinic_id=clinic_id)

    @classmethod
    def for_link(cls, link_id: UUID, patient_id: UUID, clinic_id: UUID) -> Actor:
        """The holder of a mailed patient link; the label names the patient by id only."""
        return cls(
            kind="link", id=str(link_id), label=f"link of patient {patient_id}", clinic_id=clinic_id
        )

    @classmethod
    def anonymous(cls, request_id: str = "") -> Actor:
        """Somebody who has not signed in."""
        return cls(kind="anonymous", id="", label="anonymous", request_id=request_id)

    @property
    def is_person(self) -> bool:
        """True for a signed-in staff member or their token: somebody who has a role."""
        return self.kind in {"staff", "token"}
