"""Rooms, devices, visit types, hours and absences."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Extract
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.base import ClinicOwned
from mesoclinic.clinic.models import Membership, Role
from treatments.models import Technique


def by_practitioners() -> list[str]:
    """Who gives a visit unless a manager says otherwise."""
    return [Role.PRACTITIONER.value]


class Room(ClinicOwned):
    """A place where one visit at a time can happen."""

    class Kind(models.TextChoices):
        TREATMENT = "treatment", _("Treatment room")
        CONSULTATION = "consultation", _("Consultation room")

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.TREATMENT)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["order", "name"]
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        constraints = [
            models.UniqueConstraint(name="room_once", fields=["clinic", "name"]),
            models.UniqueConstraint(name="room_id_and_clinic", fields=["id", "clinic"]),
        ]

    def __str__(self) -> str:
        return self.name


class Device(ClinicOwned):
    """An injector or camera of which there is only one."""

    name = models.CharField(_("name"), max_length=100)
    kind = models.SlugField(_("kind"), max_length=40)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        constraints = [
            models.UniqueConstraint(name="device_once", fields=["clinic", "name"]),
            models.UniqueConstraint(name="device_id_and_clinic", fields=["id", "clinic"]),
        ]

    def __str__(self) -> str:
        return self.name


class VisitType(ClinicOwned):
    """What can be booked. Durations and buffers in minutes."""

    class Kind(models.TextChoices):
        CONSULTATION = "consultation", _("Consultation")
        SESSION = "session", _("Session")
        REVIEW = "review", _("Review")
        PHOTOGRAPHS = "photographs", _("Photographs")

    key = models.SlugField(_("key"), max_length=50)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    duration_min = models.PositiveSmallIntegerField(
        _("duration (min)"), validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    buffer_before_min = models.PositiveSmallIntegerField(_("buffer before (min)"), default=0)
    buffer_after_min = models.PositiveSmallIntegerField(_("buffer after (min)"), default=0)
    grid_min = models.PositiveSmallIntegerField(
        _("offered every (min)"), default=15,
        validators=[MinValueValidator(5), MaxValueValidator(480)],
        help_text=_("Free times are offered in steps of so many minutes."),
    )  # fmt: skip
    room_kind = models.CharField(
        _("room needed"), max_length=20, choices=Room.Kind, default=Room.Kind.TREATMENT
    )
    device_kind = models.SlugField(_("device needed"), max_length=40, blank=True)
    needs_licence = models.BooleanField(
        _("injections"), default=False,
        help_text=_("Only a practitioner with a valid licence can be booked for it."),
    )  # fmt: skip
    given_by = ArrayField(
        models.CharField(max_length=20, choices=Role), verbose_name=_("given by"),
        default=by_practitioners,
        help_text=_("Whoever has one of these roles, and working hours, can be booked for it."),
    )  # fmt: skip
    technique = models.ForeignKey(
        Technique, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("technique"),
        help_text=_("Sessions only: for plans with this technique. Empty: any technique."),
    )  # fmt: skip
    areas_up_to = models.PositiveSmallIntegerField(
        _("areas, at most"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Sessions only: for plans that treat at most so many areas. Empty: any."),
    )  # fmt: skip
    is_online = models.BooleanField(
        _("patients book it online"), default=False,
        help_text=_("Offered on the clinic's booking page."),
    )  # fmt: skip
    notice_hours = models.PositiveSmallIntegerField(
        _("notice (hours)"), default=24,
        help_text=_("Patients choose a time at least so long ahead; the desk may book any time."),
    )  # fmt: skip
    horizon_days = models.PositiveSmallIntegerField(
        _("horizon (days)"), default=90, validators=[MinValueValidator(1)],
        help_text=_("Patients choose a time at most so many days ahead."),
    )  # fmt: skip
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("visit type")
        verbose_name_plural = _("visit types")
        constraints = [
            models.UniqueConstraint(name="visit_type_once", fields=["clinic", "key"]),
            models.UniqueConstraint(name="visit_type_id_and_clinic", fields=["id", "clinic"]),
            models.CheckConstraint(
                name="visit_type_lasts", condition=Q(duration_min__gte=5, duration_min__lte=480)
            ),
            models.CheckConstraint(
                name="visit_type_grid", condition=Q(grid_min__gte=5, grid_min__lte=480)
            ),
            models.CheckConstraint(
                name="visit_type_given_by",
                condition=Q(given_by__contained_by=Role.values) & Q(given_by__len__gte=1),
                violation_error_message=_("Somebody has to give it: choose a role."),
            ),
            models.CheckConstraint(
                name="visit_type_horizon",
                condition=Q(horizon_days__gte=1) & Q(horizon_days__lte=730),
            ),
        ]

    def __str__(self) -> str:
        return self.name


def _seconds_of_day() -> Func:
    return Func(Extract("starts", "epoch"), Extract("ends", "epoch"), function="numrange")


def _valid_days() -> Func:
    return Func(F("valid_from"), F("valid_until"), Value("[]"), function="daterange")


def _check_order(row: WorkingHours | ResourceHours) -> None:
    """Said at the field, before the table is asked: to PostgreSQL a range the wrong way round is no
    answer but an error.
    """
    wrong = {}
    if row.starts and row.ends and row.ends <= row.starts:
        wrong["ends"] = _("This is not after the beginning.")
    if row.valid_from and row.valid_until and row.valid_until < row.valid_from:
        wrong["valid_until"] = _("This is before the first day.")
    if wrong:
        raise ValidationError(wrong)


def _check_clinic(row: WorkingHours | ResourceHours | TimeOff) -> None:
    """Said at the field: who and what is named belongs to the clinic of the row."""
    if row.clinic_id is None:
        return
    wrong = {}
    for name in ("room", "device"):
        thing = getattr(row, name, None)
        if thing is not None and thing.clinic_id != row.clinic_id:
            wrong[name] = _("This belongs to another clinic.")
    who = getattr(row, "practitioner_id", None)
    here = Membership.objects.filter(clinic=row.clinic_id, staff=who)
    if who is not None and not here.exists():
        wrong["practitioner"] = _("This person does not work in this clinic.")
    if wrong:
        raise ValidationError(wrong)


class WorkingHours(ClinicOwned):
    """One block of one weekday in clinic-local time; several blocks make a day."""

    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="working_hours",
        verbose_name=_("practitioner"),
    )  # fmt: skip
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), validators=[MaxValueValidator(6)], help_text=_("Monday is 0.")
    )
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    room = models.ForeignKey(
        Room, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("usual room"), help_text=_("Taken first when a visit needs such a room."),
    )  # fmt: skip
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        ordering = ["practitioner", "weekday", "starts"]
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        constraints = [
            models.CheckConstraint(name="working_hours_weekday", condition=Q(weekday__lte=6)),
            models.CheckConstraint(
                name="working_hours_in_order", condition=Q(starts__lt=F("ends"))
            ),
            models.CheckConstraint(
                name="working_hours_valid_in_order",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_from__lte=F("valid_until")),
            ),
            ExclusionConstraint(
                name="working_hours_no_overlap",
                expressions=[
                    ("clinic", RangeOperators.EQUAL),
                    ("practitioner", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (_seconds_of_day(), RangeOperators.OVERLAPS),
                    (_valid_days(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("These hours overlap others of the same day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts:%H:%M} to {self.ends:%H:%M}"

    def clean(self) -> None:
        """Ends come after beginnings, and all of it is of one clinic."""
        _check_order(self)
        _check_clinic(self)


class ResourceHours(ClinicOwned):
    """When a room or a device can be used, by weekday. One without any hours always can."""

    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, null=True, blank=True, related_name="hours",
        verbose_name=_("room"),
    )  # fmt: skip
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, null=True, blank=True, related_name="hours",
        verbose_name=_("device"),
    )  # fmt: skip
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), validators=[MaxValueValidator(6)], help_text=_("Monday is 0.")
    )
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        ordering = ["room", "device", "weekday", "starts"]
        verbose_name = _("hours of a room or device")
        verbose_name_plural = _("hours of rooms and devices")
        constraints = [
            models.CheckConstraint(
                name="resource_hours_of_one",
                condition=Q(room__isnull=False, device__isnull=True)
                | Q(room__isnull=True, device__isnull=False),
                violation_error_message=_("Choose either a room or a device."),
            ),
            models.CheckConstraint(name="resource_hours_weekday", condition=Q(weekday__lte=6)),
            models.CheckConstraint(
                name="resource_hours_in_order", condition=Q(starts__lt=F("ends"))
            ),
            models.CheckConstraint(
                name="resource_hours_valid_in_order",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_from__lte=F("valid_until")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts:%H:%M} to {self.ends:%H:%M}"

    def clean(self) -> None:
        """Ends come after beginnings, and all of it is of one clinic."""
        _check_order(self)
        _check_clinic(self)


class TimeOff(ClinicOwned):
    """Time in which a practitioner, a room, a device or (none named) the whole clinic is away."""

    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True,
        related_name="time_off", verbose_name=_("practitioner"),
    )  # fmt: skip
    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, null=True, blank=True, related_name="time_off",
        verbose_name=_("room"),
    )  # fmt: skip
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, null=True, blank=True, related_name="time_off",
        verbose_name=_("device"),
    )  # fmt: skip
    during = DateTimeRangeField(_("during"))
    label = models.CharField(
        _("label"), max_length=100, help_text=_("Seen by staff only, for example: Leave.")
    )
    holiday_key = models.CharField(
        _("public holiday"), max_length=40, blank=True, editable=False,
        help_text=_("Set where it was taken from the calendar of public holidays."),
    )  # fmt: skip
    in_force = models.BooleanField(
        _("in force"), default=True,
        help_text=_("Switch off a public holiday on which the clinic works."),
    )  # fmt: skip

    class Meta:
        ordering = ["during"]
        verbose_name = _("time off")
        verbose_name_plural = _("time off")
        constraints = [
            models.CheckConstraint(
                name="time_off_bounded",
                condition=Q(during__isempty=False)
                & Q(during__startswith__isnull=False)
                & Q(during__endswith__isnull=False),
            ),
            models.UniqueConstraint(
                name="time_off_holiday_once",
                fields=["clinic", "holiday_key"],
                condition=~Q(holiday_key=""),
            ),
        ]
        indexes = [GistIndex(name="time_off_clinic_during", fields=["clinic", "during"])]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Who or what is away is of the clinic."""
        _check_clinic(self)

    @property
    def is_closure(self) -> bool:
        """Whether the whole clinic is closed."""
        return self.practitioner_id is None and self.room_id is None and self.device_id is None
