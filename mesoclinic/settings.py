"""All settings, read from the environment; a missing or malformed value stops start-up with help.

Every variable is declared in `mesoclinic.environment`. Where neither DATABASE_URL nor REDIS_URL is
set, the embedded services of this checkout are used (development only).
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from mesoclinic import embedded, logs, ticks
from mesoclinic.environment import BASE_DIR, Environment, load_env_file

load_env_file()

# --- What the environment says -------------------------------------------------------------------

EMBEDDED = embedded.is_wanted() and embedded.is_installed()
env = Environment({**os.environ, **(embedded.project_environment() if EMBEDDED else {})})
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY")
BASE_URL = env.text("BASE_URL").rstrip("/")
_base = urlsplit(BASE_URL)
_https = _base.scheme == "https"
ALLOWED_HOSTS = [_base.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS += env.items("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [BASE_URL, *env.items("CSRF_TRUSTED_ORIGINS")]
MAIL_INBOX_DIR = env.text("MAIL_INBOX_DIR")
LOAD_DEMO = env.flag("LOAD_DEMO")
DEVELOPMENT_PAGES = DEBUG or EMBEDDED
"""Routes /dev/…: pages for whoever works on MesoClinic, never on a server."""

# --- Parts ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "mesoclinic.clinic.admin_config.ClinicAdminConfig",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_structlog",
    "mesoclinic.audit",
    "mesoclinic.clinic",
    "mesoclinic.demo",
    "patients",
    "treatments",
    "scheduling",
    "aftercare",
]
if find_spec("django_linear_migrations"):  # a development tool, absent from servers
    INSTALLED_APPS.append("django_linear_migrations")

# Each line costs time on every page: keep the list short, cheap first.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mesoclinic.headers.PrivacyHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mesoclinic.clinic.middleware.SessionLimitsMiddleware",
    "mesoclinic.clinic.middleware.ClinicMiddleware",
    "mesoclinic.clinic.middleware.AccessMiddleware",
    "mesoclinic.clinic.middleware.SecondFactorMiddleware",
    "mesoclinic.clinic.http.DomainErrorMiddleware",
]

ROOT_URLCONF = "mesoclinic.urls"
WSGI_APPLICATION = "mesoclinic.wsgi.application"
AUTH_USER_MODEL = "clinic.StaffMember"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Database, cache, sessions -------------------------------------------------------------------

DATABASES = {"default": environ.Env.db_url_config(env.text("DATABASE_URL"))}
DATABASES["default"]["CONN_MAX_AGE"] = env.number("CONN_MAX_AGE")
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Prepared statements (mesoclinic/statements.py) are planned once, not anew for each value.
_options = DATABASES["default"].setdefault("OPTIONS", {})
_options["options"] = f"{_options.get('options', '')} -c plan_cache_mode=force_generic_plan".strip()

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "mesoclinic.caching.RedisCache",
        "LOCATION": REDIS_URL,
        # A silent Redis must not hold a page: cached_db then falls back to the database.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}

SESSION_IDLE_SECONDS = int(timedelta(minutes=15).total_seconds())
SESSION_ABSOLUTE_SECONDS = int(timedelta(hours=12).total_seconds())
# Activity is stored at most this often, so that a page seldom writes its session.
SESSION_ACTIVITY_GRAIN_SECONDS = 30
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"

# --- Languages, time, static files ---------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
FORMAT_MODULE_PATH = ["mesoclinic.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "mesoclinic.staticfinder.AppFolders",
    "mesoclinic.staticfinder.NodeModulesFinder",
]
if DEBUG:
    _static = "django.contrib.staticfiles.storage.StaticFilesStorage"
    WHITENOISE_USE_FINDERS = True
elif EMBEDDED:  # hashed names as on a server; compressing takes longer than the whole start
    _static = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
else:
    _static = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static},
}
# Every page names files by their hash; nobody asks for the others.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    "jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "br", "woff", "woff2", "map"
)  # fmt: skip
MEDIA_ROOT = BASE_DIR / env.text("MEDIA_ROOT")
if any(MEDIA_ROOT.is_relative_to(shown) for shown in (STATIC_ROOT, *STATICFILES_DIRS)):
    raise ImproperlyConfigured("MEDIA_ROOT must not lie in a folder that is shown to everybody.")
MEDIA_ACCEL_PREFIX = env.text("MEDIA_ACCEL_PREFIX")

# --- Signing in ----------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["mesoclinic.clinic.auth.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "mesoclinic.clinic.adapters.AccountAdapter"
MFA_ADAPTER = "mesoclinic.clinic.adapters.MFAAdapter"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_UNIQUE_EMAIL = True
# Accounts are made in the administration, by somebody who knows the address is right.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = SESSION_IDLE_SECONDS
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _base.scheme
# Counted in Redis per account ("key"), per address ("ip") and per signed-in person ("user").
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES")
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Managers vouch for addresses (there is no sign-up), so a second factor needs no mail first.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _https

# --- Browser security ----------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME = "__Host-session" if _https else "session"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS") if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
if env.number("TRUSTED_PROXIES"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
UPLOAD_MAX_BYTES = 120 * 1024 * 1024
"""A request with files; each kind of file has its own, smaller limit."""
FILE_UPLOAD_HANDLERS = [
    "mesoclinic.uploads.BodyLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o600

# --- Mail ----------------------------------------------------------------------------------------

_mail = urlsplit(env.text("EMAIL_URL"))
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_USE_SSL = _mail.scheme in {"smtps", "smtp+ssl"}
EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
EMAIL_PORT = _mail.port or (465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25)
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT")
EMAIL_PROVIDER = env.text("EMAIL_PROVIDER")
EMAIL_PROVIDER_API = env.flag("EMAIL_PROVIDER_API")
ANYMAIL = json.loads(env.text("EMAIL_PROVIDER_SETTINGS") or "{}") | {
    "WEBHOOK_SECRET": env.text("EMAIL_WEBHOOK_SECRET") or None,
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
}
GATEWAY_URL = env.text("GATEWAY_URL")
GATEWAY_SECRET = env.text("GATEWAY_SECRET")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL")

# --- Background work -----------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("unix://"):
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
        "?db=", "?virtual_host=", 1
    )
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.number("CELERY_CONCURRENCY")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = ticks.SCHEDULE
DJANGO_STRUCTLOG_CELERY_ENABLED = True
READY_HEARTBEAT_SECONDS = 120
"""A worker silent for longer makes /readyz answer 503."""

# --- API -----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mesoclinic.clinic.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["mesoclinic.clinic.permissions.PolicyPermission"],
    "DEFAULT_PAGINATION_CLASS": "mesoclinic.clinic.pagination.NewestFirst",
    "EXCEPTION_HANDLER": "mesoclinic.clinic.api.exception_handler",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "12000/min"},
    "NUM_PROXIES": env.number("TRUSTED_PROXIES"),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MesoClinic",
    "DESCRIPTION": "Patients, plans, appointments, session records and messages of a clinic.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ClinicRole": "mesoclinic.clinic.models.membership.Role",
        "TaskRole": "aftercare.models.task.StaffTask.Role",
        "AppointmentStatus": "scheduling.models.appointment.Appointment.StatusChoices",
        "FileKind": "patients.models.files.PatientFile.Kind",
        "MessageState": "aftercare.models.message.Message.State",
        "ImportKind": "patients.models.importing.ImportRun.Kind",
        "ImportState": "patients.models.importing.ImportRun.State",
        "ImportLineState": "patients.models.importing.ImportRow.State",
        "FileView": "patients.models.files.PatientFile.View",
        "Layer": "treatments.models.catalogue.Layer",
        "PlanStatus": "treatments.models.plan.TreatmentPlan.Status",
        "RoomKind": "scheduling.models.resources.Room.Kind",
        "Weight": "treatments.models.catalogue.Level",
        "MessageChannel": "aftercare.models.programme.Channel",
        "StepUnit": "aftercare.models.programme.ProgrammeStep.Unit",
        "FactSource": "patients.models.record.RecordFact.Source",
        "EventSource": "treatments.models.aftermath.AdverseEvent.Source",
        "QuestionnaireStatus": "patients.models.screening.Questionnaire.Status",
    },
}

# --- Logs ----------------------------------------------------------------------------------------

if env.text("LOG_FORMAT") not in {"json", "console"}:
    raise ImproperlyConfigured("LOG_FORMAT must be json or console.")
LOGGING = logs.configure(env.text("LOG_LEVEL"), as_json=env.text("LOG_FORMAT") == "json")
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10
