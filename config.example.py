"""Every setting with its type, default and effect.

Copy this file to config.py and change what you need; the copy is not committed. The environment and
.env win over it. An empty text and None mean "not set".

Generated from app/config/settings.py by `make config-examples`.
"""

from typing import Literal

# development or production; production refuses to start on unsafe settings.
ENVIRONMENT: Literal["development", "production"] = "development"

# Flask's debug mode: shows errors in full. Refused in production.
DEBUG: bool = False

# Signs cookies and cursors. Production needs 32 bytes or more, made by chance: python -c "import
# secrets; print(secrets.token_urlsafe(48))". run.py makes one for development. Also read as
# DJANGO_SECRET_KEY.
SECRET_KEY: str = ""

# Signs access and refresh tokens. Production needs 32 bytes or more, other than SECRET_KEY. Not
# set: derived from SECRET_KEY in development.
JWT_SECRET_KEY: str | None = None

# Database name; with the other DB_* settings an alternative to DATABASE_URL.
DB_NAME: str = ""

# Database user, when DB_NAME is used.
DB_USER: str = "postgres"

# Database password, when DB_NAME is used.
DB_PASSWORD: str = ""

# Database host, when DB_NAME is used.
DB_HOST: str = "localhost"

# Database TCP port, when DB_NAME is used.
DB_PORT: int = 5432

# PostgreSQL, as postgresql://user:password@host:5432/name; beats DB_*. run.py starts an embedded
# PostgreSQL when neither is set.
DATABASE_URL: str | None = None

# Redis (or Valkey) of the Celery broker and the rate limits, as redis://:password@host:6379/0;
# must not evict keys. run.py starts one when it is not set.
REDIS_URL: str = ""

# Redis of the cache, which may evict keys. Not set: REDIS_URL.
CACHE_REDIS_URL: str | None = None

# Addresses to listen on, host:port, separated by commas.
BIND: list[str] = ["127.0.0.1:5000"]

# Address of the service as its users see it; used in links of e-mails. Not set: made from the
# first BIND address.
PUBLIC_URL: str | None = None

# Folder of all local state: embedded servers, mail without an SMTP server, reports. Relative
# paths are meant from the checkout.
DATA_DIR: str = "instance"

# IANA time zone of scheduled jobs and of days without a user's own zone.
SERVICE_TIMEZONE: str = "UTC"

# Least severe log line that is written.
LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

# With `Authorization: Bearer <this>` Prometheus may read /metrics. Empty: only administrators
# may.
METRICS_TOKEN: str = ""

# Minutes for which an access token is good.
JWT_ACCESS_TOKEN_LIFETIME: int = 60

# Minutes for which a refresh token is good.
JWT_REFRESH_TOKEN_LIFETIME: int = 1440

# Refuse well-known and easily guessed passwords. Not set: on in production, off in development.
REFUSE_COMMON_PASSWORDS: bool | None = None

# Let the first person to register take the role "admin" while there is none. Not set: on in
# development. Refused in production.
BOOTSTRAP_ADMIN: bool | None = None

# Every new user joins project 1 as a member, so that board 1 works at once.
JOIN_DEFAULT_PROJECT: bool = True

# Events older than this are deleted every night, and with them the audit log and the history of
# tasks; 0 keeps everything.
AUDIT_RETENTION_DAYS: int = 0

# Requests to /api/v1 per address without a token.
THROTTLE_ANON_RATE: str = "100/hour"

# Requests to /api/v1 per signed-in user.
THROTTLE_USER_RATE: str = "1000/hour"

# Requests to each endpoint of /api/tasks/, /tasks/, /api/token/ and /register/ per user (without
# a token: per address) within RATE_LIMIT_WINDOW.
RATE_LIMIT_REQUESTS: int = 100

# The seconds in which RATE_LIMIT_REQUESTS are counted.
RATE_LIMIT_WINDOW: int = 3600

# Requests to each endpoint of /users/… and to /tasks/create-task and the like, per user.
FLASK_API_RATE: str = "100/hour"

# Requests to /tasks/task/<date> and to /api/check-limiter.
FLASK_API_STRICT_RATE: str = "5/minute"

# Sign-ins, good or bad, per account and address.
SIGN_IN_RATE: str = "10/5minute"

# Largest request body in bytes; a larger one answers 413.
MAX_BODY_BYTES: int = 1048576

# Largest CSV file in bytes that can be imported; a larger one answers 413.
MAX_IMPORT_BYTES: int = 33554432

# Number of reverse proxies in front whose X-Forwarded-* headers are believed. Too high a number
# lets clients forge their address.
TRUSTED_PROXIES: int = 0

# Send requests that come over http to https, health checks apart. Behind a proxy that ends TLS it
# needs TRUSTED_PROXIES.
SECURE_SSL_REDIRECT: bool = False

# Host names this service answers to, separated by commas; .example.com stands for its subdomains
# too. Empty: any. * is refused in production.
ALLOWED_HOSTS: list[str] = []

# Origins of other web pages that may call the API and open sockets, such as
# https://app.example.com, separated by commas. * is refused in production.
CORS_ORIGINS: list[str] = []

# Open WebSockets in one process; the web server takes 500 connections more, so that sockets never
# take the last place from HTTP.
SOCKETS_PER_PROCESS: int = 1500

# Open WebSockets that one user may have in one process.
SOCKETS_PER_USER: int = 20

# Open WebSockets from one address in one process.
SOCKETS_PER_ADDRESS: int = 100

# Largest message in bytes that a WebSocket client may send.
SOCKET_MAX_MESSAGE_BYTES: int = 65536

# SMTP server. Empty: mails are written to DATA_DIR/mail, one .eml file each.
EMAIL_HOST: str = ""

# TCP port of the SMTP server.
EMAIL_PORT: int = 587

# User at the SMTP server; empty: no sign-in. Also read as EMAIL_ID.
EMAIL_HOST_USER: str = ""

# Password at the SMTP server. Also read as EMAIL_PASSWORD.
EMAIL_HOST_PASSWORD: str = ""

# Require STARTTLS before anything is sent. Not set: on when EMAIL_HOST_USER is set, so that its
# password never travels in clear text.
EMAIL_USE_TLS: bool | None = None

# Sender of every mail. Not set: EMAIL_HOST_USER, else tasks@localhost.
EMAIL_FROM: str | None = None

# Changes to one task within so many seconds make one mail to each person; 0 sends a mail for each
# change.
EMAIL_DIGEST_SECONDS: int = 60

# Networks that are not public and that webhooks may reach all the same, such as 127.0.0.0/8 on a
# developer's machine, separated by commas. All of them is refused in production.
WEBHOOK_ALLOWED_NETWORKS: list[str] = []

# Lambda function called when a task is completed. Empty: the handler in lambda_function.py is
# called in the worker instead.
AWS_LAMBDA_FUNCTION_NAME: str = ""

# AWS region of the function, the group and the bucket. Also read as AWS_DEFAULT_REGION.
AWS_REGION: str = "us-east-1"

# Address of the Lambda API, for stand-ins. Empty: that of AWS.
AWS_ENDPOINT_URL_LAMBDA: str = ""

# Address of the S3 API, for other services than AWS. Empty: that of AWS.
AWS_ENDPOINT_URL_S3: str = ""

# EC2 auto-scaling group whose desired capacity `flask autoscale` sets. Empty: a number in
# DATA_DIR/desired_capacity stands in.
AUTO_SCALING_GROUP_NAME: str = ""

# Address of the Auto Scaling API, for stand-ins. Empty: that of AWS.
AWS_ENDPOINT_URL_AUTO_SCALING: str = ""

# Tasks created in an hour below which one machine fewer is enough.
LOW_THRESHOLD: int = 50

# Tasks created in an hour above which one machine more is needed; at least LOW_THRESHOLD.
HIGH_THRESHOLD: int = 200

# Seconds that a change is left to show its effect.
SCALING_COOLDOWN: int = 300

# AWS access key. Empty: nothing at AWS is called, local stand-ins are; the bucket alone is used
# by the rights of the machine.
AWS_ACCESS_KEY_ID: str = ""

# Secret that goes with AWS_ACCESS_KEY_ID.
AWS_SECRET_ACCESS_KEY: str = ""

# Session token of temporary AWS credentials.
AWS_SESSION_TOKEN: str = ""

# S3 bucket of finished reports, for this service alone: files in it that no report names are
# removed. Empty: they lie in DATA_DIR/reports.
REPORTS_S3_BUCKET: str = ""

# Hours for which a finished report can be downloaded.
REPORT_RETENTION_HOURS: int = 72

# Processes of one worker, each of which does one job at a time.
WORKER_CONCURRENCY: int = 2

# The most and the fewest processes of one worker, such as 8,2: it starts and ends them by its
# load, and WORKER_CONCURRENCY is of no matter. Empty: off.
WORKER_AUTOSCALE: str = ""
