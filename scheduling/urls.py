"""Addresses of the scheduling room: pages, the confirm link, and the API."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from scheduling import api
from scheduling.views import (
    agenda,
    appointment,
    booking,
    calendar,
    course,
    desk,
    feeds,
    hours,
    links,
    move,
    offers,
    online,
    online_settings,
    own,
    waitlist,
)

app_name = "scheduling"

_visit = "appointments/<uuid:pk>/"

urlpatterns = [
    path("calendar/", calendar.Calendar.as_view(), name="calendar"),
    path("calendar/feed/", calendar.CalendarFeed.as_view(), name="calendar-feed"),
    path("calendar/agenda/", agenda.Agenda.as_view(), name="agenda"),
    path("calendar/courses/", agenda.Courses.as_view(), name="courses"),
    path("calendar/feeds/", feeds.CalendarFeeds.as_view(), name="feeds"),
    path("calendar/online/", online_settings.OnlineSettings.as_view(), name="online-settings"),
    path("feeds/<str:token>.ics", feeds.StaffFeed.as_view(), name="staff-feed"),
    path("calendar/day-list/", calendar.DayList.as_view(), name="day-list"),
    path("appointments/new/", booking.Book.as_view(), name="book"),
    path(_visit, appointment.AppointmentDetail.as_view(), name="appointment"),
    path(f"{_visit}status/", appointment.AppointmentStatus.as_view(), name="status"),
    path(f"{_visit}cancel/", appointment.AppointmentCancel.as_view(), name="cancel"),
    path(f"{_visit}move/", move.AppointmentMove.as_view(), name="move"),
    path(f"{_visit}undo/", desk.AppointmentUndo.as_view(), name="undo"),
    path(f"{_visit}push/", desk.AppointmentPush.as_view(), name="push"),
    path(f"{_visit}drop/", calendar.CalendarDrop.as_view(), name="drop"),
    path(f"{_visit}visit.ics", appointment.AppointmentFile.as_view(), name="file"),
    path("plans/<uuid:pk>/course/", course.CourseBooking.as_view(), name="course"),
    path("plans/<uuid:pk>/course/accept/", course.CourseAccept.as_view(), name="course-accept"),
    path("hours/", hours.TeamHours.as_view(), name="hours"),
    path("hours/people/<uuid:pk>/", hours.PersonHours.as_view(), name="hours-person"),
    path("hours/rooms/<uuid:pk>/", hours.ResourceHoursPage.as_view(), name="hours-resource"),
    path("hours/away/<uuid:pk>/", hours.Absence.as_view(), name="absence"),
    path("hours/away/<uuid:pk>/end/", hours.TimeOffEnd.as_view(), name="time-off-end"),
    path("waiting-list/", waitlist.Waitlist.as_view(), name="waitlist"),
    path("waiting-list/add/", waitlist.WaitlistJoin.as_view(), name="waitlist-join"),
    path("waiting-list/offer/", waitlist.WaitlistOfferGap.as_view(), name="waitlist-offer"),
    path("waiting-list/<uuid:pk>/leave/", waitlist.WaitlistLeave.as_view(), name="waitlist-leave"),
    path("p/<str:token>/offer/", offers.LinkOffer.as_view(), name="link-offer"),
    path("book/<slug:clinic>/", online.OnlineTimes.as_view(), name="online"),
    path("book/<slug:clinic>/<str:token>/", online.OnlineForm.as_view(), name="online-form"),
    path("p/<str:token>/confirm/", links.LinkConfirm.as_view(), name="link-confirm"),
    path("p/<str:token>/visits/", own.OwnVisits.as_view(), name="own-visits"),
    path("p/<str:token>/visits/<uuid:pk>/move/", own.OwnMove.as_view(), name="own-move"),
    path("p/<str:token>/visits/<uuid:pk>/cancel/", own.OwnCancel.as_view(), name="own-cancel"),
    path("p/<str:token>/visits.ics", own.OwnCalendar.as_view(), name="own-calendar"),
]

_router = SimpleRouter()
_router.register("appointments", api.AppointmentViewSet, basename="api-appointment")
_router.register("rooms", api.RoomViewSet, basename="api-room")
_router.register("devices", api.DeviceViewSet, basename="api-device")
_router.register("visit-types", api.VisitTypeViewSet, basename="api-visit-type")
_router.register("working-hours", api.WorkingHoursViewSet, basename="api-working-hours")
_router.register("time-off", api.TimeOffViewSet, basename="api-time-off")
_router.register("waiting-list", api.WaitlistViewSet, basename="api-waiting-list")

# Included under /api/v1/ without a namespace.
api_urlpatterns = [
    path("free-slots/", api.FreeSlots.as_view(), name="api-free-slots"),
    path("courses/<uuid:pk>/", api.Courses.as_view(), name="api-course"),
    *_router.urls,
]
