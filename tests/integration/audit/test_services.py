from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import audited, current_actor, record, record_read
from mesoclinic.clinic.models import Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(clinic: Clinic) -> Actor:
    return Actor(
        kind="token", id="t1", label="Lab (Dr Ayla Kara)", clinic_id=clinic.pk, request_id="r9"
    )


def test_one_page_is_one_insert_however_many_patients(reader: Actor) -> None:
    patients = [uuid4() for _ in range(50)]
    with CaptureQueriesContext(connection) as queries:
        record_read(reader, model="patients.patient", patients=[*patients, patients[0]])

    assert len(queries) == 1
    entry = AuditEntry.objects.get(action=Action.READ)
    assert entry.patients == patients
    assert (entry.actor_kind, entry.actor_id, entry.request_id) == ("token", "t1", "r9")
    assert entry.clinic_id == reader.clinic_id


def test_an_empty_page_is_no_read(reader: Actor) -> None:
    record_read(reader, model="patients.patient", patients=[])

    assert not AuditEntry.objects.filter(action=Action.READ).exists()


def test_reads_are_found_by_patient(reader: Actor) -> None:
    one, two = uuid4(), uuid4()
    record_read(reader, model="patients.patient", patients=[one, two])
    record_read(reader, model="patients.patient", patients=[two], object_id=str(two))

    assert AuditEntry.objects.filter(patients__contains=[one]).count() == 1
    assert AuditEntry.objects.filter(patients__contains=[two]).count() == 2


def test_long_texts_are_cut_not_refused(reader: Actor) -> None:
    long = Actor(kind="system", id="", label="x" * 500, request_id="y" * 500)
    record(long, Action.EXPORT, AuditEntry(reason="z" * 500))

    entry = AuditEntry.objects.get(action=Action.EXPORT)
    assert (len(entry.actor_label), len(entry.request_id), len(entry.reason)) == (200, 64, 200)


def test_current_actor_is_the_outermost(reader: Actor) -> None:
    assert current_actor() is None
    with audited(reader), audited(Actor.system()):
        assert current_actor() is reader
    assert current_actor() is None


def test_actors() -> None:
    clinic, patient, link = uuid4(), uuid4(), uuid4()
    holder = Actor.for_link(link, patient, clinic)

    assert (holder.kind, holder.id, holder.clinic_id) == ("link", str(link), clinic)
    assert not holder.is_person
    assert Actor.system(clinic, "beat").label == "beat"
    assert Actor.anonymous("r").request_id == "r"
    assert Actor(kind="staff", id="1", label="A").is_person
