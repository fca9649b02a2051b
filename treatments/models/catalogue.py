"""The catalogue: what the clinic treats, where, how, with what, and at which intervals.

Everything here is the clinic's own data, seeded with defaults that a practitioner approves.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.base import ClinicOwned


class Layer(models.TextChoices):
    """Layers of the skin, from the outside in."""

    EPIDERMIS = "epidermis", _("Epidermis")
    JUNCTION = "junction", _("Dermo-epidermal junction")
    SUPERFICIAL_DERMIS = "superficial_dermis", _("Superficial dermis")
    DEEP_DERMIS = "deep_dermis", _("Deep dermis")
    HYPODERMIS = "hypodermis", _("Hypodermis")


class CatalogueEntry(ClinicOwned):
    """A named default of the clinic, in use until switched off, to be approved before use."""

    key = models.SlugField(_("key"), max_length=80)
    name = models.CharField(_("name"), max_length=150)
    source = models.CharField(
        _("source"), max_length=200, blank=True, help_text=_("Where the default comes from.")
    )
    is_active = models.BooleanField(_("in use"), default=True)
    version = models.PositiveIntegerField(
        _("version"), default=1, editable=False, help_text=_("Goes up with every change.")
    )
    approved_at = models.DateTimeField(
        _("approved at"), null=True, blank=True,
        help_text=_("Clinic default: review before use, until a practitioner approves it."),
    )  # fmt: skip

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def needs_review(self) -> bool:
        """Whether no practitioner has approved it as it stands: "clinic default: review before use"."""
        return self.approved_at is None


def _once(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(name=name, fields=["clinic", "key"])


class TargetArea(CatalogueEntry):
    """A region of the body that is treated."""

    region = models.CharField(_("region"), max_length=20, help_text=_("face, scalp or body"))
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts",
        verbose_name=_("part of"),
    )  # fmt: skip
    sun_exposed = models.BooleanField(_("exposed to the sun"), default=False)
    forbidden_layers = ArrayField(
        models.CharField(max_length=20, choices=Layer), verbose_name=_("forbidden layers"),
        default=list, blank=True,
    )  # fmt: skip

    class Meta(CatalogueEntry.Meta):
        abstract = False
        verbose_name = _("target area")
        verbose_name_plural = _("target areas")
        constraints = [_once("target_area_key_once")]


class Technique(CatalogueEntry):
    """A depth and manner of injection. Depths and spacing in mm, volumes in ml."""

    layers = ArrayField(
        models.CharField(max_length=20, choices=Layer), verbose_name=_("layers"), default=list
    )
    depth_min_mm = models.DecimalField(_("depth from (mm)"), max_digits=4, decimal_places=1)
    depth_max_mm = models.DecimalField(_("depth to (mm)"), max_digits=4, decimal_places=1)
    spacing_min_mm = models.DecimalField(_("spacing from (mm)"), max_digits=4, decimal_places=1)
    spacing_max_mm = models.DecimalField(_("spacing to (mm)"), max_digits=4, decimal_places=1)
    point_volume_max_ml = models.DecimalField(
        _("most per point (ml)"), max_digits=5, decimal_places=3, null=True, blank=True
    )
    marks = models.CharField(_("marks left"), max_length=200, blank=True)
    is_skin_breaking_deep = models.BooleanField(_("deep"), default=False)

    class Meta(CatalogueEntry.Meta):
        abstract = False
        verbose_name = _("technique")
        verbose_name_plural = _("techniques")
        constraints = [
            _once("technique_key_once"),
            models.CheckConstraint(
                name="technique_ranges_in_order",
                condition=Q(depth_min_mm__gte=0)
                & Q(depth_min_mm__lte=F("depth_max_mm"))
                & Q(spacing_min_mm__gt=0)
                & Q(spacing_min_mm__lte=F("spacing_max_mm")),
            ),
        ]


class InjectionDevice(CatalogueEntry):
    """What the needle sits on: a syringe or an injector, with the techniques it serves."""

    class Kind(models.TextChoices):
        SYRINGE = "syringe", _("Syringe")
        INJECTOR = "injector", _("Electronic injector")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SYRINGE)
    needle = models.CharField(
        _("needle"), max_length=100, blank=True, help_text=_("For example 4 mm, 30 to 32 G.")
    )
    needle_mm = models.DecimalField(
        _("needle length (mm)"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    settings = models.CharField(
        _("usual settings"), max_length=200, blank=True, help_text=_("For example 150 shots/min.")
    )
    techniques = models.ManyToManyField(
        Technique, verbose_name=_("techniques"), blank=True, related_name="devices"
    )

    class Meta(CatalogueEntry.Meta):
        abstract = False
        verbose_name = _("injection device")
        verbose_name_plural = _("injection devices")
        constraints = [_once("injection_device_key_once")]


class Ingredient(CatalogueEntry):
    """One substance of a cocktail with everything that decides whether it may be given."""

    class Unit(models.TextChoices):
        ML = "ml", _("ml")
        MG = "mg", _("mg")
        UG = "ug", _("µg")
        IU = "IU", _("IU")

    ingredient_class = models.CharField(_("class"), max_length=60)
    prescription_only = models.BooleanField(_("prescription only"), default=False)
    unit = models.CharField(_("unit of dose"), max_length=5, choices=Unit, default=Unit.ML)
    usual_dose = models.DecimalField(_("usual dose"), max_digits=9, decimal_places=3)
    max_dose_session = models.DecimalField(
        _("most per session"), max_digits=9, decimal_places=3, help_text=_("In the unit of dose.")
    )
    max_dose_course = models.DecimalField(
        _("most per course"), max_digits=9, decimal_places=3, null=True, blank=True
    )
    max_mg_per_kg = models.DecimalField(
        _("most per kg of body weight (mg)"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    is_anaesthetic = models.BooleanField(_("anaesthetic"), default=False)
    allergen_tags = ArrayField(
        models.CharField(max_length=60), verbose_name=_("allergens"), default=list, blank=True,
        help_text=_("For example allergen:fish, allergen:soy."),
    )  # fmt: skip
    additive_group = models.CharField(
        _("adds up with"), max_length=60, blank=True,
        help_text=_("Ingredients of one group poison together, for example amide anaesthetics."),
    )  # fmt: skip
    sun_sensitive = models.BooleanField(_("makes skin sensitive to the sun"), default=False)
    forbidden_layers = ArrayField(
        models.CharField(max_length=20, choices=Layer), verbose_name=_("forbidden layers"),
        default=list, blank=True,
    )  # fmt: skip
    forbidden_areas = models.ManyToManyField(
        TargetArea, verbose_name=_("forbidden areas"), blank=True, related_name="+"
    )
    advice = models.TextField(_("advice"), blank=True)

    class Meta(CatalogueEntry.Meta):
        abstract = False
        verbose_name = _("ingredient")
        verbose_name_plural = _("ingredients")
        constraints = [
            _once("ingredient_key_once"),
            models.CheckConstraint(
                name="ingredient_doses_in_order",
                condition=Q(usual_dose__gt=0)
                & Q(usual_dose__lte=F("max_dose_session"))
                & (Q(max_dose_course__isnull=True) | Q(max_dose_course__gte=F("max_dose_session"))),
            ),
        ]


class Level(models.TextChoices):
    """How a finding weighs, from the mildest to the gravest."""

    NOTE = "note", _("Note")
    REVIEW = "review", _("A practitioner decides")
    STOP = "stop", _("Never")


class IngredientContraindication(ClinicOwned):
    """A state of the patient that speaks against an ingredient, and how much."""

    ingredient = models.ForeignKey(
        Ingredient, on_delete=models.CASCADE, related_name="contraindications",
        verbose_name=_("ingredient"),
    )  # fmt: skip
    tag = models.CharField(
        _("tag"), max_length=60,
        help_text=_("Of a condition, a medicine or an answer, for example liver_disease."),
    )  # fmt: skip
    level = models.CharField(_("weight"), max_length=10, choices=Level, default=Level.STOP)
    why = models.CharField(_("why"), max_length=300)
    source = models.CharField(_("source"), max_length=200, blank=True)
    past_counts = models.BooleanField(_("also when it is over"), default=False)

    class Meta:
        ordering = ["ingredient", "tag"]
        verbose_name = _("contraindication")
        verbose_name_plural = _("contraindications")
        constraints = [
            models.UniqueConstraint(
                name="ingredient_contraindication_once", fields=["ingredient", "tag"]
            )
        ]

    def __str__(self) -> str:
        return self.tag


class IncompatiblePair(ClinicOwned):
    """Two ingredients that may not share one cocktail. `first` has the smaller id."""

    first = models.ForeignKey(
        Ingredient, on_delete=models.CASCADE, related_name="+", verbose_name=_("first")
    )
    second = models.ForeignKey(
        Ingredient, on_delete=models.CASCADE, related_name="+", verbose_name=_("second")
    )
    reason = models.CharField(_("reason"), max_length=300)
    level = models.CharField(_("weight"), max_length=10, choices=Level, default=Level.STOP)
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("incompatible pair")
        verbose_name_plural = _("incompatible pairs")
        constraints = [
            models.UniqueConstraint(name="incompatible_pair_once", fields=["first", "second"]),
            models.CheckConstraint(
                name="incompatible_pair_ordered", condition=Q(first__lt=F("second"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} / {self.second}"


class Protocol(CatalogueEntry):
    """A named sequence of phases. Plans take a snapshot, so an edit never changes a plan."""

    description = models.TextField(_("description"), blank=True)

    class Meta(CatalogueEntry.Meta):
        abstract = False
        verbose_name = _("protocol")
        verbose_name_plural = _("protocols")
        constraints = [
            models.UniqueConstraint(
                name="protocol_version_once", fields=["clinic", "key", "version"]
            )
        ]


class ProtocolPhase(ClinicOwned):
    """A run of sessions with one interval window to the session before each."""

    class Unit(models.TextChoices):
        DAYS = "days", _("days")
        MONTHS = "months", _("months")

    protocol = models.ForeignKey(
        Protocol, on_delete=models.CASCADE, related_name="phases", verbose_name=_("protocol")
    )
    order = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("name"), max_length=100)
    sessions_min = models.PositiveSmallIntegerField(
        _("fewest sessions"), validators=[MinValueValidator(1)]
    )
    sessions_planned = models.PositiveSmallIntegerField(_("planned sessions"))
    sessions_max = models.PositiveSmallIntegerField(_("most sessions"))
    gap_min = models.PositiveSmallIntegerField(_("gap at least"))
    gap_ideal = models.PositiveSmallIntegerField(_("ideal gap"))
    gap_max = models.PositiveSmallIntegerField(_("gap at most"))
    gap_unit = models.CharField(_("unit"), max_length=10, choices=Unit, default=Unit.DAYS)
    repeats = models.BooleanField(_("goes on"), default=False, help_text=_("Open-ended."))

    class Meta:
        ordering = ["protocol", "order"]
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        constraints = [
            models.UniqueConstraint(name="phase_order_once", fields=["protocol", "order"]),
            models.CheckConstraint(
                name="phase_sessions_in_order",
                condition=Q(sessions_min__gte=1)
                & Q(sessions_min__lte=F("sessions_planned"))
                & Q(sessions_planned__lte=F("sessions_max")),
            ),
            models.CheckConstraint(
                name="phase_gaps_in_order",
                condition=Q(gap_min__gte=1)
                & Q(gap_min__lte=F("gap_ideal"))
                & Q(gap_ideal__lte=F("gap_max")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Indication(CatalogueEntry):
    """What the patient comes for; suggests protocols, areas, techniques and ingredients."""

    category = models.CharField(_("category"), max_length=60)
    protocols = models.ManyToManyField(Protocol, verbose_name=_("protocols"), blank=True)
    areas = models.ManyToManyField(TargetArea, verbose_name=_("areas"), blank=True)
    techniques = models.ManyToManyField(Technique, verbose_name=_("techniques"), blank=True)
    ingredients = models.ManyToManyField(Ingredient, verbose_name=_("ingredients"), blank=True)

    class Meta(CatalogueEntry.Meta):
        abstract = False
        verbose_name = _("indication")
        verbose_name_plural = _("indications")
        constraints = [_once("indication_key_once")]


class Recipe(CatalogueEntry):
    """A cocktail of the clinic for some indications: a start for a plan, checked there as any other."""

    indications = models.ManyToManyField(
        Indication, verbose_name=_("indications"), blank=True, related_name="recipes"
    )
    note = models.TextField(_("note"), blank=True)

    class Meta(CatalogueEntry.Meta):
        abstract = False
        verbose_name = _("cocktail recipe")
        verbose_name_plural = _("cocktail recipes")
        constraints = [_once("recipe_key_once")]


class RecipeItem(ClinicOwned):
    """One ingredient of a recipe with its dose per session, in the ingredient's unit of dose."""

    recipe = models.ForeignKey(
        Recipe, on_delete=models.CASCADE, related_name="items", verbose_name=_("recipe")
    )
    ingredient = models.ForeignKey(
        Ingredient, on_delete=models.CASCADE, related_name="+", verbose_name=_("ingredient")
    )
    dose = models.DecimalField(_("dose"), max_digits=9, decimal_places=3)

    class Meta:
        ordering = ["recipe", "ingredient__name"]
        verbose_name = _("ingredient of a recipe")
        verbose_name_plural = _("ingredients of a recipe")
        constraints = [
            models.UniqueConstraint(name="recipe_ingredient_once", fields=["recipe", "ingredient"]),
            models.CheckConstraint(name="recipe_dose_positive", condition=Q(dose__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.ingredient} {self.dose.normalize():f}"
