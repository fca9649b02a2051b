"""Addresses of the aftercare room."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from aftercare import api
from aftercare.views import (
    care,
    checkin,
    hooks,
    inbox,
    messages,
    outbox,
    programme,
    texts,
    threads,
    unsubscribe,
)

app_name = "aftercare"

urlpatterns = [
    path("messages/", messages.Ledger.as_view(), name="ledger"),
    path("messages/<uuid:pk>/", messages.MessageDetail.as_view(), name="message"),
    path("messages/<uuid:pk>/release/", messages.ReleaseMessage.as_view(), name="release"),
    path("messages/resend/<uuid:pk>/", messages.ResendFailed.as_view(), name="resend"),
    path("messages/export.csv", outbox.Export.as_view(), name="ledger-export"),
    path("messages/hold/", outbox.Hold.as_view(), name="hold"),
    path("messages/of/<uuid:pk>/", programme.Forecast.as_view(), name="forecast"),
    path("messages/address/<uuid:pk>/", outbox.AddressWorks.as_view(), name="address-works"),
    path("programme/", programme.Programme.as_view(), name="programme"),
    path("programme/defaults/", programme.LoadDefaults.as_view(), name="programme-defaults"),
    path("programme/new/", programme.EditStep.as_view(), name="step-create"),
    path("programme/<uuid:pk>/", programme.EditStep.as_view(), name="step"),
    path(
        "programme/versions/<int:number>/restore/",
        programme.RestoreVersion.as_view(),
        name="programme-restore",
    ),
    path("programme/texts/", texts.TextList.as_view(), name="texts"),
    path("programme/texts/look/", texts.SaveLook.as_view(), name="look"),
    path("programme/texts/<uuid:pk>/", texts.EditTexts.as_view(), name="text"),
    path("programme/texts/<uuid:pk>/preview/", texts.PreviewTexts.as_view(), name="text-preview"),
    path("programme/texts/<uuid:pk>/approve/", texts.ApproveTexts.as_view(), name="text-approve"),
    path("programme/texts/<uuid:pk>/send/", texts.SendTexts.as_view(), name="text-send"),
    path("hooks/mail/", hooks.MailHook.as_view(), name="hook-mail"),
    path("hooks/gateway/", hooks.GatewayHook.as_view(), name="hook-gateway"),
    path("inbox/", inbox.Inbox.as_view(), name="inbox"),
    path("inbox/count/", inbox.InboxCount.as_view(), name="inbox-count"),
    path("inbox/<uuid:pk>/", inbox.TaskDetail.as_view(), name="task"),
    path("inbox/<uuid:pk>/claim/", inbox.ClaimTask.as_view(), name="task-claim"),
    path("inbox/<uuid:pk>/release/", inbox.ReleaseTask.as_view(), name="task-release"),
    path("inbox/<uuid:pk>/done/", inbox.FinishTask.as_view(), name="task-finish"),
    path("check-ins/<uuid:pk>/", checkin.CheckInDetail.as_view(), name="checkin"),
    path("care/", care.Care.as_view(), name="care"),
    path("care/settings/", care.SaveCare.as_view(), name="care-save"),
    path("care/number/", care.SaveNumber.as_view(), name="care-number"),
    path("care/rules/", care.StartRules.as_view(), name="rules-start"),
    path("care/rules/<uuid:pk>/", care.Rules.as_view(), name="rules"),
    path("care/rules/<uuid:pk>/publish/", care.PublishRules.as_view(), name="rules-publish"),
    path("care/rules/<uuid:pk>/advice/", care.GeneralRules.as_view(), name="rules-general"),
    path("care/rules/<uuid:pk>/<slug:key>/", care.EffectRules.as_view(), name="rules-effect"),
    path("questions/", threads.Threads.as_view(), name="threads"),
    path("questions/<uuid:pk>/", threads.ThreadDetail.as_view(), name="thread"),
    path("questions/<uuid:pk>/close/", threads.CloseThread.as_view(), name="thread-close"),
    path("p/<str:token>/ask/", threads.Ask.as_view(), name="link-ask"),
    path("p/<str:token>/answer/", threads.AnswerCode.as_view(), name="link-answer"),
    path("p/<str:token>/answer/read/", threads.AnswerRead.as_view(), name="link-answer-read"),
    path("p/<str:token>/check-in/", checkin.AnswerCheckIn.as_view(), name="link-checkin"),
    path("p/<str:token>/unsubscribe/", unsubscribe.Unsubscribe.as_view(), name="unsubscribe"),
]

router = SimpleRouter()
router.register("messages", api.MessageViewSet, basename="api-message")
router.register("programme-steps", api.ProgrammeStepViewSet, basename="api-programme-step")
router.register("message-templates", api.MessageTemplateViewSet, basename="api-message-template")
router.register("tasks", api.TaskViewSet, basename="api-task")
router.register("check-ins", api.CheckInViewSet, basename="api-check-in")
api_urlpatterns = router.urls
