"""The form of a patient's contact preferences: one box for each channel and purpose."""

from __future__ import annotations

from typing import Any

from django import forms

from patients.forms.base import DomainForm
from patients.models import ContactPreference
from patients.services import CHANNELS, Wishes


class ContactForm(DomainForm):
    """Ticked: this may reach the patient."""

    def __init__(self, *args: Any, wishes: Wishes, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = {f"{channel}_{purpose}": (channel, purpose) for channel, purpose in wishes}
        for name, key in self.keys.items():
            label = ContactPreference.Purpose(key[1]).label
            self.fields[name] = forms.BooleanField(label=label, required=False, initial=wishes[key])

    def groups(self) -> list[tuple[object, list[forms.BoundField]]]:
        """The boxes by channel, with the channel's name."""
        return [
            (word, [self[name] for name, key in self.keys.items() if key[0] == channel])
            for channel, word in CHANNELS.items()
        ]

    def wishes(self) -> dict[tuple[str, str], bool]:
        """For the service."""
        return {key: bool(self.cleaned_data[name]) for name, key in self.keys.items()}
