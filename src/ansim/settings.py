"""Django's settings, derived from ``ansim.config``. Importing this touches no file and no network.

The strictness lives here: one Content-Security-Policy without inline code or foreign hosts,
lock-out after failed log-ins, sessions that end with the shift, no page kept in a cache.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF
from django.utils.functional import lazy

from ansim import config
from ansim.keys import Keyring

ANSIM = config.load()
DEBUG = ANSIM.debug


def _secret() -> str:
    """Made from the key file on first use, so that importing settings needs no home folder."""
    return Keyring.load_or_create(ANSIM.keys_path).derive("django").hex()


SECRET_KEY = lazy(_secret, str)()

ALLOWED_HOSTS = [host.strip() for host in ANSIM.allowed_hosts.split(",") if host.strip()]
_BEYOND_LOOPBACK = sorted(set(ALLOWED_HOSTS) - {"localhost", "127.0.0.1", "[::1]"})
# Plain http is for this machine only; under any other name TLS is expected in front of us.
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in _BEYOND_LOOPBACK if host != "*"]

INSTALLED_APPS = [
    "ansim.casework",
    "ansim.console",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ansim.console.sessions.SessionLimits",
    "ansim.console.presence.PresenceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ansim.console.privacy.NoStoreMiddleware",
    "axes.middleware.AxesMiddleware",
    "ansim.console.views.errors.KeyLostMiddleware",
]

ROOT_URLCONF = "ansim.console.urls"
ASGI_APPLICATION = "ansim.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ansim.console.house.context",
            ],
        },
    },
]


def _database(home: config.Config) -> dict[str, Any]:
    if not home.database_url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": home.sqlite_path,
            "OPTIONS": {
                # A writer takes its lock when it begins, so that two never deadlock half-way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    if not home.database_url.startswith(("postgres://", "postgresql://")):
        raise config.ConfigError(
            "ANSIM_DATABASE_URL is not a postgresql:// address; leave it empty for SQLite"
        )
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = {key: value for key, value in conninfo_to_dict(home.database_url).items() if value}
    except ProgrammingError:
        raise config.ConfigError("ANSIM_DATABASE_URL cannot be read as an address") from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "ansim"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
    }


def _mail(home: config.Config) -> dict[str, Any]:
    """Django's settings for mail; its password is never sent over an open line but to this host."""
    from urllib.parse import unquote, urlsplit

    if not home.smtp_url:
        return {}
    try:
        parts = urlsplit(home.smtp_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in ("smtp", "smtps"):
        raise config.ConfigError(
            "ANSIM_SMTP_URL cannot be read; write smtp://user:password@host:587 or smtps://host"
        )
    inside = parts.scheme == "smtps"
    return {
        "EMAIL_HOST": host,
        "EMAIL_PORT": port or (465 if inside else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": inside,
        "EMAIL_USE_TLS": not inside and host not in ("localhost", "127.0.0.1", "::1"),
    }


globals().update(_mail(ANSIM))
DEFAULT_FROM_EMAIL = ANSIM.mail_from

# The console's threads keep their connections for the next page (console/turns.py).
_KEPT = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES = {"default": _database(ANSIM) | _KEPT}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "casework.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "console:log_in"
LOGIN_REDIRECT_URL = "console:home"
LOGOUT_REDIRECT_URL = "console:log_in"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "console/locked.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Axes keeps what was posted; of these fields only that they were there.
AXES_SENSITIVE_PARAMETERS = ["username", "code", "credential", "csrfmiddlewaretoken"]

# The second factor (console/sign_in.py). Nobody signs up, and no mail is sent by this part.
ACCOUNT_ADAPTER = "ansim.console.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # axes counts wrong codes too, in the database
ACCOUNT_LOGIN_TIMEOUT = 5 * 60
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
MFA_ADAPTER = "ansim.console.sign_in.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = ANSIM.agency_ko
MFA_TOTP_TOLERANCE = 1  # a telephone's clock may be half a minute off
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
# Each process counts for itself: together they let no more pass.
MFA_RATE_LIMITS = {"webauthn_login": f"{60 // ANSIM.page_processes}/m/ip"}

SESSION_COOKIE_NAME = "ansim_session"
SESSION_COOKIE_AGE = int(ANSIM.session_hours * 60 * 60)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = bool(_BEYOND_LOOPBACK)
CSRF_COOKIE_NAME = "ansim_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = bool(_BEYOND_LOOPBACK)
CSRF_FAILURE_VIEW = "ansim.console.views.errors.csrf_failure"

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp-report/"],
    },
}

# One export file (see console/views/upload.py) and its form fields fit. ansim.asgi lets nothing
# larger in (console/doorway.py), so that no part of a request is ever written to disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 24

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "ansim_language"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Seoul"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # straight from the packages: nothing to collect before a start
WHITENOISE_MAX_AGE = 3600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
