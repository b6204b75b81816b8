"""Every setting of the service: its name in the environment, its type, default and effect.

A field is named as its environment variable, so one word finds a setting everywhere. Fields whose
default depends on others come after them; their text in ``config.example.py`` is empty ("not set").
"""

import hashlib
import hmac
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import URL

from app.config import flask_keys, parsing, sources

MIN_SECRET_BYTES = 32
"""RFC 7518, section 3.2: a key for HS256 has at least the size of the hash."""

Text = Annotated[str, AfterValidator(parsing.single_line)]
Rate = Annotated[str, AfterValidator(parsing.rate)]
RedisUrl = Annotated[str, AfterValidator(parsing.redis_url)]
TextList = Annotated[list[Text], NoDecode, BeforeValidator(parsing.split_list)]
Origins = Annotated[
    list[Annotated[str, AfterValidator(parsing.origin)]],
    NoDecode,
    BeforeValidator(parsing.split_list),
]
Addresses = Annotated[
    list[Annotated[str, AfterValidator(parsing.address)]],
    NoDecode,
    BeforeValidator(parsing.split_list),
]
Networks = Annotated[
    list[Annotated[str, AfterValidator(parsing.network)]],
    NoDecode,
    BeforeValidator(parsing.split_list),
]


def _database_url(known: dict[str, object]) -> str:
    """Build the URL from the DB_* settings; without DB_NAME there is none."""
    if not known.get("DB_NAME"):
        return ""
    return URL.create(
        parsing.DATABASE_DRIVER,
        username=str(known.get("DB_USER", "")) or None,
        password=str(known.get("DB_PASSWORD", "")) or None,
        host=str(known.get("DB_HOST", "")),
        port=int(str(known.get("DB_PORT", 5432))),
        database=str(known["DB_NAME"]),
    ).render_as_string(hide_password=False)


def _derived_key(secret: str, label: str) -> str:
    """Derive a 256-bit key for one purpose, so that two purposes never share one."""
    return hmac.new(secret.encode(), label.encode(), hashlib.sha256).hexdigest()


def _in_development(known: dict[str, object]) -> bool:
    return known.get("ENVIRONMENT") == "development"


def _public_url(known: dict[str, object]) -> str:
    """Guess the address that a browser on this machine can open."""
    addresses = known.get("BIND")
    first = addresses[0] if isinstance(addresses, list) and addresses else "127.0.0.1:5000"
    parts = urlsplit(f"//{first}")
    if parts.hostname in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound to
        return f"http://localhost:{parts.port}"
    return f"http://{first}"


def _email_from(known: dict[str, object]) -> str:
    user = str(known.get("EMAIL_HOST_USER", ""))
    return user if "@" in user else "tasks@localhost"


class Settings(BaseSettings):
    """The settings of one process, checked. Build it with :func:`app.config.load_settings`."""

    model_config = SettingsConfigDict(
        case_sensitive=True,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    ENVIRONMENT: Literal["development", "production"] = Field(
        "development",
        description="development or production; production refuses to start on unsafe settings.",
    )
    DEBUG: bool = Field(
        False,
        description="Flask's debug mode: shows errors in full. Refused in production.",
    )
    SECRET_KEY: Text = Field(
        "",
        validation_alias=AliasChoices("SECRET_KEY", "DJANGO_SECRET_KEY"),
        repr=False,
        description="Signs cookies and cursors. Production needs 32 bytes or more, made by chance: "
        'python -c "import secrets; print(secrets.token_urlsafe(48))". run.py makes one for '
        "development. Also read as DJANGO_SECRET_KEY.",
    )
    JWT_SECRET_KEY: Text = Field(
        default_factory=lambda known: (
            _derived_key(str(known.get("SECRET_KEY")), "jwt")
            if _in_development(known) and known.get("SECRET_KEY")
            else ""
        ),
        repr=False,
        description="Signs access and refresh tokens. Production needs 32 bytes or more, other "
        "than SECRET_KEY. Not set: derived from SECRET_KEY in development.",
    )

    DB_NAME: Text = Field(
        "",
        description="Database name; with the other DB_* settings an alternative to DATABASE_URL.",
    )
    DB_USER: Text = Field("postgres", description="Database user, when DB_NAME is used.")
    DB_PASSWORD: str = Field("", repr=False, description="Database password, when DB_NAME is used.")
    DB_HOST: Text = Field("localhost", description="Database host, when DB_NAME is used.")
    DB_PORT: int = Field(
        5432, ge=1, le=65535, description="Database TCP port, when DB_NAME is used."
    )
    DATABASE_URL: Annotated[str, AfterValidator(parsing.database_url)] = Field(
        default_factory=_database_url,
        repr=False,
        description="PostgreSQL, as postgresql://user:password@host:5432/name; beats DB_*. "
        "run.py starts an embedded PostgreSQL when neither is set.",
    )
    REDIS_URL: RedisUrl = Field(
        "",
        repr=False,
        description="Redis (or Valkey) of the Celery broker and the rate limits, as "
        "redis://:password@host:6379/0; must not evict keys. run.py starts one when it is not set.",
    )
    CACHE_REDIS_URL: RedisUrl = Field(
        default_factory=lambda known: str(known.get("REDIS_URL", "")),
        repr=False,
        description="Redis of the cache, which may evict keys. Not set: REDIS_URL.",
    )

    BIND: Addresses = Field(
        ["127.0.0.1:5000"],
        min_length=1,
        description="Addresses to listen on, host:port, separated by commas.",
    )
    PUBLIC_URL: Annotated[str, AfterValidator(parsing.http_url)] = Field(
        default_factory=_public_url,
        description="Address of the service as its users see it; used in links of e-mails. "
        "Not set: made from the first BIND address.",
    )
    DATA_DIR: Annotated[Path, AfterValidator(sources.data_folder)] = Field(
        Path("instance"),
        validate_default=True,
        description="Folder of all local state: embedded servers, mail without an SMTP server, "
        "reports. Relative paths are meant from the checkout.",
    )
    SERVICE_TIMEZONE: Annotated[str, AfterValidator(parsing.time_zone)] = Field(
        "UTC",
        description="IANA time zone of scheduled jobs and of days without a user's own zone.",
    )
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log line that is written."
    )

    METRICS_TOKEN: Text = Field(
        "",
        repr=False,
        description="With `Authorization: Bearer <this>` Prometheus may read /metrics. Empty: only "
        "administrators may.",
    )

    JWT_ACCESS_TOKEN_LIFETIME: int = Field(
        60, ge=1, le=1440, description="Minutes for which an access token is good."
    )
    JWT_REFRESH_TOKEN_LIFETIME: int = Field(
        1440, ge=1, le=525_600, description="Minutes for which a refresh token is good."
    )
    REFUSE_COMMON_PASSWORDS: bool = Field(
        default_factory=lambda known: not _in_development(known),
        description="Refuse well-known and easily guessed passwords. Not set: on in production, "
        "off in development.",
    )
    BOOTSTRAP_ADMIN: bool = Field(
        default_factory=_in_development,
        description='Let the first person to register take the role "admin" while there is none. '
        "Not set: on in development. Refused in production.",
    )

    JOIN_DEFAULT_PROJECT: bool = Field(
        True,
        description="Every new user joins project 1 as a member, so that board 1 works at once.",
    )
    AUDIT_RETENTION_DAYS: int = Field(
        0,
        ge=0,
        le=36_500,
        description="Events older than this are deleted every night, and with them the audit log "
        "and the history of tasks; 0 keeps everything.",
    )

    THROTTLE_ANON_RATE: Rate = Field(
        "100/hour", description="Requests to /api/v1 per address without a token."
    )
    THROTTLE_USER_RATE: Rate = Field(
        "1000/hour", description="Requests to /api/v1 per signed-in user."
    )
    RATE_LIMIT_REQUESTS: int = Field(
        100,
        ge=1,
        description="Requests to each endpoint of /api/tasks/, /tasks/, /api/token/ and /register/ "
        "per user (without a token: per address) within RATE_LIMIT_WINDOW.",
    )
    RATE_LIMIT_WINDOW: int = Field(
        3600, ge=1, le=86_400, description="The seconds in which RATE_LIMIT_REQUESTS are counted."
    )
    FLASK_API_RATE: Rate = Field(
        "100/hour",
        description="Requests to each endpoint of /users/… and to /tasks/create-task and the like, "
        "per user.",
    )
    FLASK_API_STRICT_RATE: Rate = Field(
        "5/minute", description="Requests to /tasks/task/<date> and to /api/check-limiter."
    )
    SIGN_IN_RATE: Rate = Field(
        "10/5minute", description="Sign-ins, good or bad, per account and address."
    )
    MAX_BODY_BYTES: int = Field(
        1_048_576, ge=1024, description="Largest request body in bytes; a larger one answers 413."
    )
    MAX_IMPORT_BYTES: int = Field(
        33_554_432,
        ge=1024,
        description="Largest CSV file in bytes that can be imported; a larger one answers 413.",
    )

    TRUSTED_PROXIES: int = Field(
        0,
        ge=0,
        le=10,
        description="Number of reverse proxies in front whose X-Forwarded-* headers are believed. "
        "Too high a number lets clients forge their address.",
    )
    SECURE_SSL_REDIRECT: bool = Field(
        False,
        description="Send requests that come over http to https, health checks apart. Behind a "
        "proxy that ends TLS it needs TRUSTED_PROXIES.",
    )
    ALLOWED_HOSTS: TextList = Field(
        [],
        description="Host names this service answers to, separated by commas; .example.com stands "
        "for its subdomains too. Empty: any. * is refused in production.",
    )
    CORS_ORIGINS: Origins = Field(
        [],
        description="Origins of other web pages that may call the API and open sockets, such as "
        "https://app.example.com, separated by commas. * is refused in production.",
    )
    SOCKETS_PER_PROCESS: int = Field(
        1500,
        ge=1,
        le=20_000,
        description="Open WebSockets in one process; the web server takes 500 connections more, so "
        "that sockets never take the last place from HTTP.",
    )
    SOCKETS_PER_USER: int = Field(
        20, ge=1, description="Open WebSockets that one user may have in one process."
    )
    SOCKETS_PER_ADDRESS: int = Field(
        100, ge=1, description="Open WebSockets from one address in one process."
    )
    SOCKET_MAX_MESSAGE_BYTES: int = Field(
        65_536, ge=1024, description="Largest message in bytes that a WebSocket client may send."
    )

    EMAIL_HOST: Text = Field(
        "",
        description="SMTP server. Empty: mails are written to DATA_DIR/mail, one .eml file each.",
    )
    EMAIL_PORT: int = Field(587, ge=1, le=65535, description="TCP port of the SMTP server.")
    EMAIL_HOST_USER: Text = Field(
        "",
        validation_alias=AliasChoices("EMAIL_HOST_USER", "EMAIL_ID"),
        description="User at the SMTP server; empty: no sign-in. Also read as EMAIL_ID.",
    )
    EMAIL_HOST_PASSWORD: str = Field(
        "",
        validation_alias=AliasChoices("EMAIL_HOST_PASSWORD", "EMAIL_PASSWORD"),
        repr=False,
        description="Password at the SMTP server. Also read as EMAIL_PASSWORD.",
    )
    EMAIL_USE_TLS: bool = Field(
        default_factory=lambda known: bool(known.get("EMAIL_HOST_USER")),
        description="Require STARTTLS before anything is sent. Not set: on when EMAIL_HOST_USER "
        "is set, so that its password never travels in clear text.",
    )
    EMAIL_FROM: Text = Field(
        default_factory=_email_from,
        description="Sender of every mail. Not set: EMAIL_HOST_USER, else tasks@localhost.",
    )
    EMAIL_DIGEST_SECONDS: int = Field(
        60,
        ge=0,
        le=3600,
        description="Changes to one task within so many seconds make one mail to each person; "
        "0 sends a mail for each change.",
    )

    WEBHOOK_ALLOWED_NETWORKS: Networks = Field(
        [],
        description="Networks that are not public and that webhooks may reach all the same, such "
        "as 127.0.0.0/8 on a developer's machine, separated by commas. All of them is refused in "
        "production.",
    )

    AWS_LAMBDA_FUNCTION_NAME: Text = Field(
        "",
        description="Lambda function called when a task is completed. Empty: the handler in "
        "lambda_function.py is called in the worker instead.",
    )
    AWS_REGION: Text = Field(
        "us-east-1",
        validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"),
        description="AWS region of the function, the group and the bucket. Also read as "
        "AWS_DEFAULT_REGION.",
    )
    AWS_ENDPOINT_URL_LAMBDA: Annotated[str, AfterValidator(parsing.http_url)] = Field(
        "", description="Address of the Lambda API, for stand-ins. Empty: that of AWS."
    )
    AWS_ENDPOINT_URL_S3: Annotated[str, AfterValidator(parsing.http_url)] = Field(
        "", description="Address of the S3 API, for other services than AWS. Empty: that of AWS."
    )
    AUTO_SCALING_GROUP_NAME: Text = Field(
        "",
        description="EC2 auto-scaling group whose desired capacity `flask autoscale` sets. Empty: "
        "a number in DATA_DIR/desired_capacity stands in.",
    )
    AWS_ENDPOINT_URL_AUTO_SCALING: Annotated[str, AfterValidator(parsing.http_url)] = Field(
        "", description="Address of the Auto Scaling API, for stand-ins. Empty: that of AWS."
    )
    LOW_THRESHOLD: int = Field(
        50, ge=0, description="Tasks created in an hour below which one machine fewer is enough."
    )
    HIGH_THRESHOLD: int = Field(
        200,
        ge=0,
        validate_default=True,
        description="Tasks created in an hour above which one machine more is needed; at least "
        "LOW_THRESHOLD.",
    )
    SCALING_COOLDOWN: int = Field(
        300, ge=0, le=86_400, description="Seconds that a change is left to show its effect."
    )
    AWS_ACCESS_KEY_ID: Text = Field(
        "",
        description="AWS access key. Empty: nothing at AWS is called, local stand-ins are; the "
        "bucket alone is used by the rights of the machine.",
    )
    AWS_SECRET_ACCESS_KEY: Text = Field(
        "", repr=False, description="Secret that goes with AWS_ACCESS_KEY_ID."
    )
    AWS_SESSION_TOKEN: Text = Field(
        "", repr=False, description="Session token of temporary AWS credentials."
    )

    REPORTS_S3_BUCKET: Text = Field(
        "",
        description="S3 bucket of finished reports, for this service alone: files in it that no "
        "report names are removed. Empty: they lie in DATA_DIR/reports.",
    )
    REPORT_RETENTION_HOURS: int = Field(
        72, ge=1, le=8760, description="Hours for which a finished report can be downloaded."
    )

    WORKER_CONCURRENCY: int = Field(
        2,
        ge=1,
        le=999,
        description="Processes of one worker, each of which does one job at a time.",
    )
    WORKER_AUTOSCALE: Annotated[str, AfterValidator(parsing.worker_autoscale)] = Field(
        "",
        description="The most and the fewest processes of one worker, such as 8,2: it starts and "
        "ends them by its load, and WORKER_CONCURRENCY is of no matter. Empty: off.",
    )

    @field_validator("HIGH_THRESHOLD")
    @classmethod
    def _above_the_low_one(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("LOW_THRESHOLD", 0):
            raise ValueError("must not be below LOW_THRESHOLD")
        return value

    @field_validator("JWT_SECRET_KEY")
    @classmethod
    def _lengthen_in_development(cls, value: str, info: ValidationInfo) -> str:
        """Stretch a short key: the documents' own examples are too short for HS256."""
        if _in_development(info.data) and 0 < len(value.encode()) < MIN_SECRET_BYTES:
            return _derived_key(value, "jwt")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, highest priority first."""
        return (
            init_settings,
            env_settings,
            sources.DotEnvSource(settings_cls),
            sources.PythonFileSource(settings_cls),
            sources.RuntimeFileSource(settings_cls),
        )

    @property
    def is_production(self) -> bool:
        """Tell whether unsafe settings are refused and transport security is announced."""
        return self.ENVIRONMENT == "production"

    @property
    def has_aws_key(self) -> bool:
        """Tell whether Lambda and the auto-scaling group can be called at AWS."""
        return bool(self.AWS_ACCESS_KEY_ID and self.AWS_SECRET_ACCESS_KEY)

    @property
    def origins(self) -> list[str]:
        """Return every web origin that may call: the service's own and ``CORS_ORIGINS``."""
        parts = urlsplit(self.PUBLIC_URL)
        return [f"{parts.scheme}://{parts.netloc.lower()}", *self.CORS_ORIGINS]

    def flask_config(self) -> dict[str, object]:
        """Return what Flask and its extensions read from ``app.config``; see ``flask_keys``."""
        return {**flask_keys.from_settings(self), "SETTINGS": self}


class ExplicitSettings(Settings):
    """Settings from keyword arguments only: for tests and tools, where no file may interfere."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_ignored: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the keyword arguments as the only source."""
        return (init_settings,)
