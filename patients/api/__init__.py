"""The API of the patients room: the same services as the pages, the same walls between roles."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access, can
from mesoclinic.clinic.api import ClinicViewSet
from mesoclinic.common.errors import NotFound
from patients import serializers as shapes
from patients.exceptions import ScreeningNotFound
from patients.models import Allergy, Condition, Medicine, Patient, PatientFile, Screening
from patients.models import ScreeningResult as ResultRow
from patients.selectors import (
    get_fact,
    get_file,
    get_patient,
    get_screening,
    results_of,
    search_patients,
)
from patients.services import (
    Upload,
    add_fact,
    add_file,
    change_fact,
    check_can_fill,
    decide_screening,
    end_fact,
    file_response,
    register_patient,
    relabel_file,
    save_answers,
    start_screening,
    submit_screening,
    update_patient,
    withdraw_file,
)

_PATIENT = OpenApiParameter("patient", UUID, required=True, description="Whose record.")
_SEARCH = [
    OpenApiParameter("q", str, description="Words of the name, phone, e-mail or record number."),
    OpenApiParameter("after", str, description="The cursor of the page before."),
]


class PatientsViewSet(ClinicViewSet):
    """What the viewsets of this room share."""

    @property
    def clinical(self) -> bool:
        """Whether the caller sees clinical content."""
        return can(self.actor, Policy.CLINICAL)

    def read(self, model: str, *patients: UUID) -> None:
        """One audit row for what an answer shows."""
        record_read(self.actor, model=model, patients=patients, reason="api")


@access(Policy.FRONT_DESK)
class PatientViewSet(PatientsViewSet):
    """Patients: who they are and how to reach them."""

    queryset = Patient.objects.none()
    serializer_class = shapes.PatientSerializer

    def shape(self, *args: Any, **kwargs: Any) -> shapes.PatientSerializer:
        """The fields of the caller's role."""
        kind = shapes.ClinicalPatientSerializer if self.clinical else shapes.PatientSerializer
        return kind(*args, **kwargs)

    @extend_schema(parameters=_SEARCH, responses=shapes.PatientPageSerializer)
    def list(self, request: Request) -> Response:
        """Twenty patients by name, or those who are found by `q`."""
        page = search_patients(
            self.clinic,
            request.query_params.get("q", "")[:100],
            after=request.query_params.get("after", ""),
        )
        self.read("patients.patient", *(one.pk for one in page.patients))
        shown = {
            "results": page.patients, "after": page.after, "by_similarity": page.by_similarity,
        }  # fmt: skip
        return Response(shapes.PatientPageSerializer(shown).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One patient."""
        patient = get_patient(self.clinic, _uuid(pk))
        self.read("patients.patient", patient.pk)
        return Response(self.shape(patient).data)

    def create(self, request: Request) -> Response:
        """Register. Somebody alike answers 409 unless `accept_duplicate` is true."""
        shape = self.shape(data=request.data)
        shape.is_valid(raise_exception=True)
        extra = shapes.PatientCreateSerializer(data=request.data)
        extra.is_valid(raise_exception=True)
        patient = register_patient(
            actor=self.actor, clinic=self.clinic, data=shape.to_data(), now=timezone.now(),
            accept_duplicate=extra.validated_data["accept_duplicate"],
        )  # fmt: skip
        return Response(self.shape(patient).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some fields."""
        patient = get_patient(self.clinic, _uuid(pk))
        shape = self.shape(patient, data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        patient = update_patient(
            actor=self.actor, patient=patient, data=shape.to_data(), now=timezone.now()
        )
        return Response(self.shape(patient).data)


class FactViewSet(PatientsViewSet):
    """One list of the safety record; entries are ended, never deleted."""

    kind: ClassVar[str]

    @extend_schema(parameters=[_PATIENT])
    def list(self, request: Request) -> Response:
        """The entries of one patient (`?patient=`)."""
        patient = get_patient(self.clinic, _uuid(request.query_params.get("patient", "")))
        rows: QuerySet[Any] = self.get_queryset().model.objects.filter(patient=patient)
        self.read(f"patients.{self.kind}", patient.pk)
        return Response(self.get_serializer(rows, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One entry."""
        row = get_fact(self.clinic, None, self.kind, _uuid(pk))
        self.read(f"patients.{self.kind}", row.patient_id)
        return Response(self.get_serializer(row).data)

    def create(self, request: Request) -> Response:
        """Add; the latest screening is judged anew."""
        shape: Any = self.get_serializer(data=request.data)
        shape.is_valid(raise_exception=True)
        patient = get_patient(self.clinic, shape.validated_data["patient_id"])
        row = add_fact(actor=self.actor, patient=patient, data=shape.to_data(), now=timezone.now())
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct an entry of the clinic's own; imported ones answer 409."""
        row = get_fact(self.clinic, None, self.kind, _uuid(pk))
        shape: Any = self.get_serializer(row, data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        row = change_fact(actor=self.actor, fact=row, data=shape.to_data(), now=timezone.now())
        return Response(self.get_serializer(row).data)

    @extend_schema(request=shapes.EndSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """It no longer applies."""
        row = get_fact(self.clinic, None, self.kind, _uuid(pk))
        shape = shapes.EndSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        row = end_fact(
            actor=self.actor, fact=row, now=timezone.now(),
            ended_on=shape.validated_data.get("ended_on"),
        )  # fmt: skip
        return Response(self.get_serializer(row).data)


@access(Policy.CLINICAL)
class AllergyViewSet(FactViewSet):
    """Allergies."""

    kind = "allergy"
    queryset = Allergy.objects.none()
    serializer_class = shapes.AllergySerializer


@access(Policy.CLINICAL)
class MedicineViewSet(FactViewSet):
    """Medicines."""

    kind = "medicine"
    queryset = Medicine.objects.none()
    serializer_class = shapes.MedicineSerializer


@access(Policy.CLINICAL)
class ConditionViewSet(FactViewSet):
    """Conditions."""

    kind = "condition"
    queryset = Condition.objects.none()
    serializer_class = shapes.ConditionSerializer


@access(Policy.FRONT_DESK)
class ScreeningViewSet(mixins.ListModelMixin, PatientsViewSet):
    """Screenings: begin, answer, submit; what they came to; decisions."""

    queryset = Screening.objects.none()
    serializer_class = shapes.ScreeningSerializer

    def get_queryset(self) -> QuerySet[Screening]:
        """The screenings of one patient (`?patient=`), newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Screening.objects.none()
        patient = get_patient(self.clinic, _uuid(self.request.query_params.get("patient", "")))
        self.read("patients.screening", patient.pk)
        return Screening.objects.filter(patient=patient).defer("answers")

    @extend_schema(parameters=[_PATIENT])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The screenings of one patient."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One screening; practitioners see the answers."""
        screening = get_screening(self.clinic, _uuid(pk))
        self.read("patients.screening", screening.patient_id)
        return Response(self._shown(screening))

    @extend_schema(
        request=shapes.ScreeningStartSerializer, responses={201: shapes.ScreeningSerializer}
    )
    def create(self, request: Request) -> Response:
        """Begin at the desk, or get the draft there is."""
        shape = shapes.ScreeningStartSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        screening = start_screening(
            actor=self.actor,
            patient=get_patient(self.clinic, shape.validated_data["patient"]),
            channel=Screening.Channel.DESK,
            now=timezone.now(),
            prefill=shape.validated_data["prefill"],
        )
        return Response(self._shown(screening), status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.AnswersSerializer, responses=shapes.ScreeningSerializer)
    @action(detail=True, methods=["post"])
    def answers(self, request: Request, pk: str) -> Response:
        """Keep some answers."""
        screening = self._draft(pk)
        shape = shapes.AnswersSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        screening = save_answers(
            actor=self.actor, screening=screening, now=timezone.now(),
            answers=shape.validated_data["answers"],
        )  # fmt: skip
        return Response(self._shown(screening))

    @extend_schema(request=shapes.SubmitSerializer, responses=shapes.ResultSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Close for good; answers the judgement, without reasons for roles that may not see them."""
        screening = self._draft(pk)
        shape = shapes.SubmitSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        row = submit_screening(
            actor=self.actor, screening=screening, now=timezone.now(),
            signed_name=shape.validated_data["signed_name"],
        )  # fmt: skip
        return Response(self._judged(row))

    @extend_schema(responses=shapes.ResultSerializer)
    @action(detail=True, methods=["get"])
    def result(self, request: Request, pk: str) -> Response:
        """The latest judgement."""
        row = self._latest(pk)
        self.read("patients.screeningresult", row.patient_id)
        return Response(self._judged(row))

    @extend_schema(
        request=shapes.ScreeningDecisionSerializer, responses=shapes.ScreeningDecisionSerializer
    )
    @access(Policy.CLINICAL)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Sign a decision on the latest judgement."""
        row = self._latest(pk)
        shape = shapes.ScreeningDecisionSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        decision = decide_screening(
            actor=self.actor, result=row, data=shape.to_data(), now=timezone.now()
        )
        return Response(
            shapes.ScreeningDecisionSerializer(decision).data, status=status.HTTP_201_CREATED
        )

    def _draft(self, pk: str) -> Screening:
        screening = get_screening(self.clinic, _uuid(pk))
        check_can_fill(self.actor, screening)
        return screening

    def _latest(self, pk: str) -> ResultRow:
        screening = get_screening(self.clinic, _uuid(pk))
        rows = results_of(screening)
        if not rows:
            raise ScreeningNotFound
        rows[0].patient = screening.patient
        return rows[0]

    def _shown(self, screening: Screening) -> dict[str, Any]:
        kind = (
            shapes.ScreeningWithAnswersSerializer if self.clinical else shapes.ScreeningSerializer
        )
        return dict(kind(screening).data)

    def _judged(self, row: ResultRow) -> dict[str, Any]:
        kind = shapes.ResultSerializer if self.clinical else shapes.ScreeningOutcomeSerializer
        return dict(kind(row).data)


@access(Policy.CLINICAL)
class PatientFileViewSet(mixins.ListModelMixin, PatientsViewSet):
    """Photographs and documents. They are withdrawn with a reason, never deleted."""

    queryset = PatientFile.objects.none()
    serializer_class = shapes.PatientFileSerializer
    parser_classes = [MultiPartParser, JSONParser]

    def get_queryset(self) -> QuerySet[PatientFile]:
        """The files of one patient (`?patient=`), newest first."""
        if getattr(self, "swagger_fake_view", False):
            return PatientFile.objects.none()
        patient = get_patient(self.clinic, _uuid(self.request.query_params.get("patient", "")))
        self.read("patients.patientfile", patient.pk)
        return PatientFile.objects.shown().filter(patient=patient).select_related("uploaded_by")

    @extend_schema(parameters=[_PATIENT])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The files of one patient."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, pk: str) -> Response:
        """What is known of one file."""
        return Response(self.get_serializer(self._file(pk)).data)

    @extend_schema(
        request={"multipart/form-data": shapes.FileUploadSerializer},
        responses={201: shapes.PatientFileSerializer, 200: shapes.PatientFileSerializer},
    )
    def create(self, request: Request) -> Response:
        """Keep one file (201); the same bytes again answer the file there is (200)."""
        shape = shapes.FileUploadSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        sent = shape.validated_data["file"]
        kept = add_file(
            actor=self.actor, patient=get_patient(self.clinic, shape.validated_data["patient"]),
            upload=Upload(sent.name, sent.size, sent.read), labels=shape.to_labels(),
            now=timezone.now(),
        )  # fmt: skip
        code = status.HTTP_200_OK if kept.is_known else status.HTTP_201_CREATED
        return Response(self.get_serializer(kept.file).data, status=code)

    @extend_schema(request=shapes.FileRelabelSerializer, responses=shapes.PatientFileSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct some labels."""
        file = self._file(pk)
        shape = shapes.FileRelabelSerializer(data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        labels = shape.to_labels(file)
        file = relabel_file(actor=self.actor, file=file, labels=labels, now=timezone.now())
        return Response(self.get_serializer(file).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def content(self, request: Request, pk: str) -> HttpResponseBase:
        """The bytes, in their own media type."""
        return file_response(self._file(pk))

    @extend_schema(request=shapes.FileWithdrawSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it out of sight, with a reason."""
        file = self._file(pk)
        shape = shapes.FileWithdrawSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        withdraw_file(actor=self.actor, file=file, now=timezone.now(), **shape.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _file(self, pk: str) -> PatientFile:
        file = get_file(self.clinic, _uuid(pk))
        self.read("patients.patientfile", file.patient_id)
        return file


def _uuid(text: str) -> UUID:
    """An id from an address; what is none is simply not there."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
