"""Addresses of the patients room: pages, patient links, and the API."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from patients.api.facts import AllergyViewSet, ConditionViewSet, MedicineViewSet
from patients.api.fhir import FhirViewSet
from patients.api.files import PatientFileViewSet
from patients.api.imports import ImportViewSet
from patients.api.invitations import InvitationViewSet
from patients.api.merges import DuplicateViewSet, MergeViewSet
from patients.api.people import PatientViewSet
from patients.api.questionnaires import QuestionnaireViewSet
from patients.api.rights import ClosedRecordViewSet, PatientRightsViewSet
from patients.api.screenings import ScreeningViewSet
from patients.views import (
    building,
    building_parts,
    chart,
    contact,
    files,
    identity,
    importing,
    judgement,
    link_screening,
    links,
    listing,
    merging,
    record,
    rights,
    screening,
)

app_name = "patients"

_chart = "patients/<uuid:pk>/"
_build = "questionnaires/<uuid:pk>/"
_facts = f"{_chart}record/<slug:kind>/"

urlpatterns = [
    path("patients/", listing.PatientList.as_view(), name="list"),
    path("patients/search/", listing.PatientSearch.as_view(), name="search"),
    path("patients/export/", listing.PatientExport.as_view(), name="export"),
    path("patients/new/", identity.PatientCreate.as_view(), name="create"),
    path("patients/duplicates/", merging.Duplicates.as_view(), name="duplicates"),
    path("patients/duplicates/hint/", merging.DuplicateHint.as_view(), name="duplicate-hint"),
    path("patients/import/", importing.PatientImport.as_view(), name="import"),
    path("patients/imports/<uuid:pk>/", importing.ImportPage.as_view(), name="import-run"),
    path(
        "patients/imports/<uuid:pk>/lines.csv", importing.ImportLines.as_view(), name="import-lines"
    ),
    path(
        "patients/imports/<uuid:pk>/<slug:step>/",
        importing.ImportStep.as_view(),
        name="import-step",
    ),
    path(_chart, chart.PatientChart.as_view(), name="chart"),
    path(f"{_chart}timeline/", chart.PatientTimeline.as_view(), name="timeline"),
    path(f"{_chart}contact/", contact.PatientContact.as_view(), name="contact"),
    path(f"{_chart}data/", rights.PatientRights.as_view(), name="rights"),
    path(f"{_chart}data/export/", rights.PatientHandOut.as_view(), name="hand-out"),
    path(f"{_chart}data/restrict/", rights.PatientRestrict.as_view(), name="restrict"),
    path(f"{_chart}data/lift/", rights.PatientLift.as_view(), name="lift"),
    path(f"{_chart}data/erase/", rights.PatientErase.as_view(), name="erase"),
    path("patients/closed/", rights.ClosedRecords.as_view(), name="closed"),
    path("patients/closed/<uuid:pk>/export/", rights.ClosedHandOut.as_view(), name="closed-export"),
    path(f"{_chart}edit/", identity.PatientEdit.as_view(), name="edit"),
    path(f"{_chart}merge/<uuid:other>/", merging.PatientMergePage.as_view(), name="merge"),
    path("merges/<uuid:pk>/undo/", merging.MergeUndo.as_view(), name="merge-undo"),
    path(f"{_facts}new/", record.FactAdd.as_view(), name="fact-add"),
    path(f"{_facts}<uuid:fact>/", record.FactEdit.as_view(), name="fact-edit"),
    path(f"{_facts}<uuid:fact>/end/", record.FactEnd.as_view(), name="fact-end"),
    path(f"{_chart}screening/new/", screening.ScreeningStart.as_view(), name="screening-start"),
    path(
        f"{_chart}screening/invite/", screening.ScreeningInvite.as_view(), name="screening-invite"
    ),
    path(
        f"{_chart}screening/confirm/",
        screening.ScreeningConfirm.as_view(),
        name="screening-confirm",
    ),
    path(
        "invitations/<uuid:pk>/withdraw/",
        screening.InvitationWithdraw.as_view(),
        name="screening-withdraw",
    ),
    path(f"{_chart}files/", files.PatientFiles.as_view(), name="files"),
    path(f"{_chart}files/compare/", files.FilesCompare.as_view(), name="files-compare"),
    path("files/<uuid:pk>/", files.FileDetail.as_view(), name="file"),
    path("files/<uuid:pk>/content/", files.FileContent.as_view(), name="file-content"),
    path("files/<uuid:pk>/thumbnail/", files.FileThumbnail.as_view(), name="file-thumbnail"),
    path("files/<uuid:pk>/withdraw/", files.FileWithdraw.as_view(), name="file-withdraw"),
    path("questionnaires/", building.QuestionnaireList.as_view(), name="questionnaires"),
    path(_build, building.QuestionnaireDetail.as_view(), name="questionnaire"),
    path(f"{_build}act/", building.QuestionnaireAct.as_view(), name="questionnaire-act"),
    path(f"{_build}export/", building.QuestionnaireExport.as_view(), name="questionnaire-export"),
    path(
        f"{_build}preview/",
        building_parts.QuestionnairePreview.as_view(),
        name="questionnaire-preview",
    ),
    path(
        f"{_build}simulate/",
        building_parts.QuestionnaireSimulate.as_view(),
        name="questionnaire-simulate",
    ),
    path(f"{_build}sections/new/", building.SectionEdit.as_view(), name="section-add"),
    path(f"{_build}sections/<str:section>/", building.SectionEdit.as_view(), name="section-edit"),
    path(
        f"{_build}sections/<str:section>/new/",
        building_parts.QuestionEdit.as_view(),
        name="question-add",
    ),
    path(
        f"{_build}questions/<str:question>/",
        building_parts.QuestionEdit.as_view(),
        name="question-edit",
    ),
    path(f"{_build}rules/new/", building_parts.RuleEdit.as_view(), name="rule-add"),
    path(f"{_build}rules/<str:rule>/", building_parts.RuleEdit.as_view(), name="rule-edit"),
    path("screenings/<uuid:pk>/", judgement.ScreeningDetail.as_view(), name="screening-detail"),
    path("screenings/<uuid:pk>/fill/", screening.ScreeningFill.as_view(), name="screening-fill"),
    path(
        "screenings/<uuid:pk>/changes/",
        screening.ScreeningChanges.as_view(),
        name="screening-changes",
    ),
    path("screenings/<uuid:pk>/done/", screening.ScreeningDone.as_view(), name="screening-done"),
    path(
        "screenings/<uuid:pk>/decide/", judgement.ScreeningDecide.as_view(), name="screening-decide"
    ),
    path(
        "screenings/<uuid:pk>/discard/",
        screening.ScreeningDiscard.as_view(),
        name="screening-discard",
    ),
    path("p/<str:token>/", links.LinkLanding.as_view(), name="link"),
    path("p/<str:token>/screening/", link_screening.LinkScreening.as_view(), name="link-screening"),
    path(
        "p/<str:token>/screening/code/",
        link_screening.LinkScreeningCode.as_view(),
        name="link-screening-code",
    ),
    path(
        "p/<str:token>/screening/changes/",
        link_screening.LinkScreeningChanges.as_view(),
        name="link-screening-changes",
    ),
    path(
        "p/<str:token>/screening/fill/",
        link_screening.LinkScreeningFill.as_view(),
        name="link-screening-fill",
    ),
]

_router = SimpleRouter()
_router.register("patients", PatientViewSet, basename="api-patient")
_router.register("patients", PatientRightsViewSet, basename="api-patient-rights")
_router.register("closed-records", ClosedRecordViewSet, basename="api-closed-record")
_router.register("duplicates", DuplicateViewSet, basename="api-duplicate")
_router.register("merges", MergeViewSet, basename="api-merge")
_router.register("imports", ImportViewSet, basename="api-import")
_router.register("fhir", FhirViewSet, basename="api-fhir")
_router.register("allergies", AllergyViewSet, basename="api-allergy")
_router.register("medicines", MedicineViewSet, basename="api-medicine")
_router.register("conditions", ConditionViewSet, basename="api-condition")
_router.register("questionnaires", QuestionnaireViewSet, basename="api-questionnaire")
_router.register("screenings", ScreeningViewSet, basename="api-screening")
_router.register("invitations", InvitationViewSet, basename="api-invitation")
_router.register("files", PatientFileViewSet, basename="api-file")

# Included under /api/v1/ without a namespace.
api_urlpatterns = _router.urls
