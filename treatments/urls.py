"""Addresses of the treatments room: pages, and its part of the API."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from treatments import api
from treatments.views import (
    adapting,
    builder,
    cocktail,
    events,
    link_consent,
    outcomes,
    pictures,
    plans,
    record_pdf,
    sessions,
    sharing,
    stock,
    trace,
)

app_name = "treatments"

urlpatterns = [
    path("plans/", plans.PlanList.as_view(), name="plan-list"),
    path("plans/new/", builder.PlanCreate.as_view(), name="plan-create"),
    path("plans/<uuid:pk>/", plans.PlanDetail.as_view(), name="plan-detail"),
    path("plans/<uuid:pk>/activate/", plans.PlanActivate.as_view(), name="plan-activate"),
    path("plans/<uuid:pk>/stop/", plans.PlanStop.as_view(), name="plan-stop"),
    path("plans/<uuid:pk>/terms/", adapting.PlanTerms.as_view(), name="plan-terms"),
    path("plans/<uuid:pk>/add-session/", adapting.SessionAdd.as_view(), name="plan-add-session"),
    path("sessions/<uuid:pk>/adapt/", adapting.SessionAdapt.as_view(), name="session-adapt"),
    path("sessions/<uuid:pk>/leave-out/", adapting.SessionDrop.as_view(), name="session-drop"),
    path("plans/<uuid:pk>/cocktail/", cocktail.CocktailEdit.as_view(), name="cocktail-edit"),
    path("plans/<uuid:pk>/consent/", cocktail.ConsentPage.as_view(), name="consent"),
    path("plans/<uuid:pk>/consent/ask/", cocktail.ConsentAsk.as_view(), name="plan-ask-consent"),
    path("consents/<uuid:pk>/pdf/", cocktail.ConsentPdf.as_view(), name="consent-pdf"),
    path("p/<str:token>/consent/", link_consent.LinkConsent.as_view(), name="link-consent"),
    path(
        "p/<str:token>/consent/text/",
        link_consent.LinkConsentText.as_view(),
        name="link-consent-text",
    ),
    path("consents/<uuid:pk>/", cocktail.ConsentDetail.as_view(), name="consent-detail"),
    path(
        "consents/<uuid:pk>/withdraw/", cocktail.ConsentWithdraw.as_view(), name="consent-withdraw"
    ),
    path("sessions/<uuid:pk>/", sessions.SessionPage.as_view(), name="session"),
    path("sessions/<uuid:pk>/start/", sessions.SessionStart.as_view(), name="session-start"),
    path("sessions/<uuid:pk>/save/", sessions.SessionSave.as_view(), name="session-save"),
    path("sessions/<uuid:pk>/sign/", sessions.SessionSign.as_view(), name="session-sign"),
    path("sessions/<uuid:pk>/scan/", sessions.SessionScan.as_view(), name="session-scan"),
    path(
        "sessions/<uuid:pk>/pictures/", pictures.SessionPictures.as_view(), name="session-pictures"
    ),
    path("sessions/<uuid:pk>/same/", sessions.SessionSame.as_view(), name="session-same"),
    path(
        "sessions/<uuid:pk>/reconfirm/",
        sessions.SessionReconfirm.as_view(),
        name="session-reconfirm",
    ),
    path(
        "sessions/<uuid:pk>/override/", sessions.SessionOverride.as_view(), name="session-override"
    ),
    path(
        "sessions/<uuid:pk>/addendum/", sessions.SessionAddendum.as_view(), name="session-addendum"
    ),
    path("catalogue/share/", sharing.CatalogueShare.as_view(), name="catalogue-share"),
    path("catalogue/download/", sharing.CatalogueDownload.as_view(), name="catalogue-download"),
    path("stock/", stock.Stock.as_view(), name="stock"),
    path("stock/receive/", stock.LotReceive.as_view(), name="lot-receive"),
    path("stock/<uuid:pk>/", stock.LotDetail.as_view(), name="lot"),
    path("stock/<uuid:pk>/adjust/", stock.LotAdjust.as_view(), name="lot-adjust"),
    path("stock/<uuid:pk>/open/", stock.LotOpen.as_view(), name="lot-open"),
    path("stock/<uuid:pk>/withdraw/", stock.LotWithdraw.as_view(), name="lot-withdraw"),
    path("stock/<uuid:pk>/trace/", trace.LotTrace.as_view(), name="lot-trace"),
    path("trace/", trace.Traces.as_view(), name="traces"),
    path("recalls/<uuid:pk>/", trace.RecallPage.as_view(), name="recall"),
    path("recalls/patients/<uuid:pk>/", trace.RecallReached.as_view(), name="recall-reached"),
    path("patients/<uuid:pk>/lots/", trace.PatientLots.as_view(), name="patient-lots"),
    path("watch/", trace.WatchPage.as_view(), name="watch"),
    path("results/", outcomes.Results.as_view(), name="results"),
    path("sessions/<uuid:pk>/pdf/", record_pdf.SessionPdf.as_view(), name="session-pdf"),
    path("sessions/<uuid:pk>/result/", outcomes.SessionResult.as_view(), name="session-result"),
    path("reactions/", events.EventList.as_view(), name="event-list"),
    path("reactions/export/", events.EventExport.as_view(), name="event-export"),
    path("reactions/<uuid:pk>/follow/", events.EventFollow.as_view(), name="event-follow"),
    path("reactions/<uuid:pk>/reopen/", events.EventReopen.as_view(), name="event-reopen"),
    path("reactions/<uuid:pk>/", events.EventDetail.as_view(), name="event"),
    path("reactions/<uuid:pk>/pictures/", pictures.EventPictures.as_view(), name="event-pictures"),
    path(
        "patients/<uuid:pk>/reactions/new/", events.EventReportPage.as_view(), name="event-report"
    ),
]

_router = SimpleRouter()
_router.register("catalogue/indications", api.IndicationViewSet, basename="api-indication")
_router.register("catalogue/areas", api.AreaViewSet, basename="api-area")
_router.register("catalogue/techniques", api.TechniqueViewSet, basename="api-technique")
_router.register("catalogue/protocols", api.ProtocolViewSet, basename="api-protocol")
_router.register("catalogue/ingredients", api.IngredientViewSet, basename="api-ingredient")
_router.register("catalogue/devices", api.InjectionDeviceViewSet, basename="api-injection-device")
_router.register("catalogue/recipes", api.RecipeViewSet, basename="api-recipe")
_router.register("catalogue/pairs", api.PairViewSet, basename="api-pair")
_router.register("catalogue/products", api.ProductViewSet, basename="api-product")
_router.register("plans", api.PlanViewSet, basename="api-plan")
_router.register("consents", api.ConsentViewSet, basename="api-consent")
_router.register("sessions", api.SessionViewSet, basename="api-session")
_router.register("lots", api.LotViewSet, basename="api-lot")
_router.register("adverse-events", api.EventViewSet, basename="api-adverse-event")

# Included under /api/v1/ without a namespace.
api_urlpatterns = _router.urls
