"""Addresses of the aftercare room."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from aftercare import api
from aftercare.views import checkin, inbox, messages, unsubscribe

app_name = "aftercare"

urlpatterns = [
    path("messages/", messages.Ledger.as_view(), name="ledger"),
    path("messages/<uuid:pk>/", messages.MessageDetail.as_view(), name="message"),
    path("messages/<uuid:pk>/release/", messages.ReleaseMessage.as_view(), name="release"),
    path("messages/resend/<uuid:pk>/", messages.ResendFailed.as_view(), name="resend"),
    path("inbox/", inbox.Inbox.as_view(), name="inbox"),
    path("inbox/count/", inbox.InboxCount.as_view(), name="inbox-count"),
    path("inbox/<uuid:pk>/claim/", inbox.ClaimTask.as_view(), name="task-claim"),
    path("inbox/<uuid:pk>/done/", inbox.FinishTask.as_view(), name="task-finish"),
    path("check-ins/<uuid:pk>/", checkin.CheckInDetail.as_view(), name="checkin"),
    path("p/<str:token>/check-in/", checkin.AnswerCheckIn.as_view(), name="link-checkin"),
    path("p/<str:token>/unsubscribe/", unsubscribe.Unsubscribe.as_view(), name="unsubscribe"),
]

router = SimpleRouter()
router.register("messages", api.MessageViewSet, basename="api-message")
router.register("tasks", api.TaskViewSet, basename="api-task")
router.register("check-ins", api.CheckInViewSet, basename="api-check-in")
api_urlpatterns = router.urls
