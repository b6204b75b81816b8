import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from app.config import (
    Settings,
    SettingsError,
    current_settings,
    examples,
    explicit_settings,
    load_settings,
    sources,
)

GOOD_SECRET = "kR3vX9_qLm2ZtB7wYc5NdH8sJf1GpA4u-eQ6"
OTHER_SECRET = "Wn8Zs4Kc1Vx6Fb3Qj9Ty2Lm7Rd5Hg0Pa-uE_"
DEVELOPMENT = {
    "SECRET_KEY": "your-secret-key",
    "DATABASE_URL": "postgresql://u:p@db/tasks",
    "REDIS_URL": "redis://redis:6379/0",
}
PRODUCTION = {
    **DEVELOPMENT,
    "ENVIRONMENT": "production",
    "SECRET_KEY": GOOD_SECRET,
    "JWT_SECRET_KEY": OTHER_SECRET,
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout and an environment without settings."""
    monkeypatch.setattr(sources, "CHECKOUT", tmp_path)
    for field in Settings.model_fields.values():
        for name in getattr(field.validation_alias, "choices", ()):
            monkeypatch.delenv(name, raising=False)
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def problems_of(**values: object) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        explicit_settings(**values)
    return dict(caught.value.problems)


def write_runtime_file(folder: Path, **values: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name}={value}\n" for name, value in values.items())
    (folder / "runtime.env").write_text(text)


class TestSources:
    def test_every_source_beats_the_ones_below_it(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = ["EMAIL_HOST", "EMAIL_FROM", "DB_NAME", "AWS_REGION", "SECRET_KEY"]
        write_runtime_file(checkout / "instance", **dict.fromkeys(names, "runtime"))
        (checkout / "config.py").write_text("".join(f"{n} = 'file'\n" for n in names[:4]))
        (checkout / ".env").write_text("".join(f"{n}=dotenv\n" for n in names[:3]))
        for name in names[:2]:
            monkeypatch.setenv(name, "environment")

        settings = load_settings(EMAIL_HOST="argument", REDIS_URL="redis://r")

        assert [getattr(settings, name) for name in names] == [
            "argument",
            "environment",
            "dotenv",
            "file",
            "runtime",
        ]

    @pytest.mark.parametrize(
        ("field", "alias"),
        [
            ("SECRET_KEY", "DJANGO_SECRET_KEY"),
            ("EMAIL_HOST_USER", "EMAIL_ID"),
            ("EMAIL_HOST_PASSWORD", "EMAIL_PASSWORD"),
            ("AWS_REGION", "AWS_DEFAULT_REGION"),
        ],
    )
    def test_an_alias_beats_the_field_name_of_a_lower_source(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch, field: str, alias: str
    ) -> None:
        write_runtime_file(checkout / "instance", **DEVELOPMENT)
        (checkout / ".env").write_text(f"{field}=lower\n")
        monkeypatch.setenv(alias, "higher")
        assert getattr(load_settings(), field) == "higher"

    def test_an_empty_value_means_not_set(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (checkout / "config.py").write_text("EMAIL_HOST = ''\nDATABASE_URL = None\n")
        write_runtime_file(checkout / "instance", **DEVELOPMENT, EMAIL_HOST="mail.test")
        monkeypatch.setenv("EMAIL_HOST", "")
        settings = load_settings()
        assert settings.EMAIL_HOST == "mail.test"
        assert settings.DATABASE_URL.endswith("@db/tasks")

    def test_dollar_signs_of_a_password_in_dotenv_are_kept(self, checkout: Path) -> None:
        (checkout / ".env").write_text("EMAIL_HOST_PASSWORD='a${HOME}b'\n")
        assert load_settings(**DEVELOPMENT).EMAIL_HOST_PASSWORD == "a${HOME}b"

    def test_the_runtime_file_is_read_from_the_data_folder(self, checkout: Path) -> None:
        write_runtime_file(checkout / "elsewhere", **DEVELOPMENT)
        assert load_settings(DATA_DIR="elsewhere").DATA_DIR == checkout / "elsewhere"

    def test_a_named_database_beats_the_embedded_one(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_runtime_file(checkout / "instance", **DEVELOPMENT)
        monkeypatch.setenv("DB_NAME", "mine")
        assert load_settings().DATABASE_URL.endswith("/mine")

    def test_production_ignores_the_runtime_file(self, checkout: Path) -> None:
        write_runtime_file(checkout / "instance", **DEVELOPMENT)
        with pytest.raises(SettingsError) as caught:
            load_settings(ENVIRONMENT="production")
        names = {name for name, _ in caught.value.problems}
        assert names >= {"SECRET_KEY", "JWT_SECRET_KEY", "DATABASE_URL", "REDIS_URL"}

    def test_explicit_settings_ignore_every_other_source(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMAIL_HOST", "mail.test")
        (checkout / ".env").write_text("EMAIL_PORT=25\n")
        settings = explicit_settings(**DEVELOPMENT)
        assert (settings.EMAIL_HOST, settings.EMAIL_PORT) == ("", 587)

    def test_unknown_names_of_the_documents_are_accepted(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CSRF_COOKIE_SECURE", "True")
        (checkout / ".env").write_text("EMAIL_BACKEND=django.core.mail\n")
        load_settings(**DEVELOPMENT)


class TestValues:
    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
    def test_a_database_url_gets_the_one_driver(self, scheme: str) -> None:
        settings = explicit_settings(**{**DEVELOPMENT, "DATABASE_URL": f"{scheme}://u:p%40@h/n"})
        assert settings.DATABASE_URL == "postgresql+psycopg2://u:p%40@h/n"

    def test_db_settings_make_a_database_url(self) -> None:
        parts = {
            "DB_NAME": "tasks",
            "DB_USER": "me",
            "DB_PASSWORD": "p@ss/word",
            "DB_HOST": "db.test",
            "DB_PORT": "5433",
        }
        settings = explicit_settings(SECRET_KEY="x", REDIS_URL="redis://r", **parts)
        assert settings.DATABASE_URL == (
            "postgresql+psycopg2://me:p%40ss%2Fword@db.test:5433/tasks"
        )

    def test_database_url_beats_db_settings(self) -> None:
        settings = explicit_settings(**DEVELOPMENT, DB_NAME="other")
        assert settings.DATABASE_URL.endswith("@db/tasks")

    def test_lists_are_written_with_commas(self) -> None:
        settings = explicit_settings(
            **DEVELOPMENT,
            BIND="127.0.0.1:5000, [::1]:8000",
            ALLOWED_HOSTS="localhost,127.0.0.1",
            CORS_ORIGINS="https://App.example.com, http://localhost:3000/",
        )
        assert settings.BIND == ["127.0.0.1:5000", "[::1]:8000"]
        assert settings.ALLOWED_HOSTS == ["localhost", "127.0.0.1"]
        assert settings.CORS_ORIGINS == ["https://app.example.com", "http://localhost:3000"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("AWS_ENDPOINT_URL_LAMBDA", "ftp://x"),
            ("WEBHOOK_ALLOWED_NETWORKS", "localhost"),
            ("WORKER_CONCURRENCY", "0"),
            ("WORKER_AUTOSCALE", "8"),
            ("WORKER_AUTOSCALE", "2,8"),
            ("WORKER_AUTOSCALE", "8,0"),
            ("WORKER_AUTOSCALE", "8,2,1"),
            ("WORKER_AUTOSCALE", "many,few"),
            ("WORKER_AUTOSCALE", "8,2 --purge"),
            ("HIGH_THRESHOLD", "49"),
            ("SCALING_COOLDOWN", "-1"),
            ("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.1/8"),
            ("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/33"),
            ("BIND", ""),
            ("BIND", ":5000"),
            ("BIND", "127.0.0.1"),
            ("BIND", "127.0.0.1:0"),
            ("BIND", "127.0.0.1:99999"),
            ("BIND", "host/path:80"),
            ("CORS_ORIGINS", "example.com"),
            ("CORS_ORIGINS", "https://example.com/path"),
            ("DATABASE_URL", "mysql://u:p@h/n"),
            ("DATABASE_URL", "postgresql://<user>:<password>@<host>:<port>/<name>"),
            ("DATABASE_URL", "postgresql://u:p@h"),
            ("DEBUG", "perhaps"),
            ("EMAIL_FROM", "a@b.test\nBcc: c@d.test"),
            ("ENVIRONMENT", "staging"),
            ("JWT_ACCESS_TOKEN_LIFETIME", "0"),
            ("PUBLIC_URL", "example.com"),
            ("REDIS_URL", "http://h"),
            ("REDIS_URL", "redis://"),
            ("SERVICE_TIMEZONE", "../etc/passwd"),
            ("SERVICE_TIMEZONE", "Mars/Phobos"),
            ("SIGN_IN_RATE", "often"),
            ("TRUSTED_PROXIES", "-1"),
        ],
    )
    def test_a_bad_value_is_named(self, name: str, value: str) -> None:
        assert list(problems_of(**{**DEVELOPMENT, name: value})) == [name]

    def test_thresholds_that_cross_are_named(self) -> None:
        assert list(problems_of(**DEVELOPMENT, LOW_THRESHOLD="201")) == ["HIGH_THRESHOLD"]

    def test_errors_hold_no_value(self) -> None:
        values = {
            "DATABASE_URL": "mysql://user:hunter2@host/name",
            "REDIS_URL": "http://:hunter2@host",
            "SECRET_KEY": "hunter2\n",
        }
        with pytest.raises(SettingsError) as caught:
            explicit_settings(**values)
        assert len(caught.value.problems) == len(values)
        assert "hunter2" not in str(caught.value)
        assert caught.value.__cause__ is None

    def test_the_representation_holds_no_secret(self) -> None:
        secrets = {
            name: f"hunter2-{name}"
            for name, field in Settings.model_fields.items()
            if "PASSWORD" in name or "SECRET" in name or "SESSION" in name
            if field.annotation is str
        }
        settings = explicit_settings(
            **{**DEVELOPMENT, **secrets, "DATABASE_URL": "postgresql://u:hunter2@h/n"}
        )
        assert len(secrets) == 6
        assert "hunter2" not in repr(settings)

    @pytest.mark.parametrize(
        ("bind", "url"),
        [
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("0.0.0.0:8000,127.0.0.1:1", "http://localhost:8000"),
            ("[::]:80", "http://localhost:80"),
        ],
    )
    def test_the_public_url_is_one_that_a_browser_can_open(self, bind: str, url: str) -> None:
        settings = explicit_settings(**DEVELOPMENT, BIND=bind)
        assert settings.PUBLIC_URL == url
        assert settings.origins == [url]

    def test_a_mail_password_is_never_sent_in_clear_text_by_default(self) -> None:
        assert explicit_settings(**DEVELOPMENT, EMAIL_ID="me@test").EMAIL_USE_TLS
        assert not explicit_settings(**DEVELOPMENT, EMAIL_HOST="sink").EMAIL_USE_TLS


class TestDevelopment:
    def test_missing_settings_are_named_with_what_to_do(self) -> None:
        found = problems_of()
        assert list(found) == ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"]
        assert all("run.py" in advice for advice in found.values())

    def test_tokens_never_share_the_key_of_cookies(self) -> None:
        settings = explicit_settings(**DEVELOPMENT)
        assert len(settings.JWT_SECRET_KEY) == 64
        assert settings.JWT_SECRET_KEY != settings.SECRET_KEY

    def test_a_short_token_key_from_the_documents_is_stretched(self) -> None:
        settings = explicit_settings(**DEVELOPMENT, JWT_SECRET_KEY="<your-jwt-secret-key>")
        assert len(settings.JWT_SECRET_KEY) == 64

    def test_defaults_suit_the_documents_examples(self) -> None:
        settings = explicit_settings(**DEVELOPMENT)
        assert settings.BOOTSTRAP_ADMIN
        assert not settings.REFUSE_COMMON_PASSWORDS
        assert settings.CACHE_REDIS_URL == settings.REDIS_URL


class TestProduction:
    def test_safe_settings_are_accepted(self) -> None:
        settings = explicit_settings(**PRODUCTION)
        assert settings.is_production
        assert settings.REFUSE_COMMON_PASSWORDS
        assert not settings.BOOTSTRAP_ADMIN

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SECRET_KEY", ""),
            ("SECRET_KEY", "short"),
            ("SECRET_KEY", "a" * 40),
            ("SECRET_KEY", "your-secret-key-your-secret-key-1234"),
            ("SECRET_KEY", "django-insecure-9f8a7b6c5d4e3f2a1b0c9d8e"),
            ("JWT_SECRET_KEY", ""),
            ("JWT_SECRET_KEY", "<your-jwt-secret-key-of-thirty-two-bytes>"),
            ("JWT_SECRET_KEY", GOOD_SECRET),
            ("DATABASE_URL", ""),
            ("REDIS_URL", ""),
            ("DEBUG", "true"),
            ("BOOTSTRAP_ADMIN", "true"),
            ("REFUSE_COMMON_PASSWORDS", "false"),
            ("CORS_ORIGINS", "https://a.test,*"),
            ("ALLOWED_HOSTS", "*"),
            ("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/8,0.0.0.0/0"),
            ("WEBHOOK_ALLOWED_NETWORKS", "::/0"),
        ],
    )
    def test_an_unsafe_setting_is_refused_by_name(self, name: str, value: str) -> None:
        assert list(problems_of(**{**PRODUCTION, name: value})) == [name]

    def test_all_unsafe_settings_are_named_at_once(self) -> None:
        found = problems_of(
            ENVIRONMENT="production",
            DEBUG=True,
            CORS_ORIGINS=["*"],
            ALLOWED_HOSTS="*",
            BOOTSTRAP_ADMIN=True,
            REFUSE_COMMON_PASSWORDS=False,
        )
        assert set(found) == {
            "SECRET_KEY",
            "JWT_SECRET_KEY",
            "DATABASE_URL",
            "REDIS_URL",
            "DEBUG",
            "CORS_ORIGINS",
            "ALLOWED_HOSTS",
            "BOOTSTRAP_ADMIN",
            "REFUSE_COMMON_PASSWORDS",
        }


class TestFlaskKeys:
    def test_the_application_reads_its_settings_back(self) -> None:
        settings = explicit_settings(**DEVELOPMENT)
        app = Flask("sample")
        app.config.update(settings.flask_config())
        with app.app_context():
            assert current_settings() is settings

    def test_a_database_session_is_bounded(self) -> None:
        keys = explicit_settings(**DEVELOPMENT).flask_config()
        options = keys["SQLALCHEMY_ENGINE_OPTIONS"]
        assert isinstance(options, dict)
        assert options["pool_timeout"] == 2
        assert options["connect_args"]["options"] == (
            "-c statement_timeout=15000 -c lock_timeout=5000"
            " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
        )

    def test_cookies_travel_encrypted_in_production(self) -> None:
        assert explicit_settings(**PRODUCTION).flask_config()["SESSION_COOKIE_SECURE"] is True

    def test_any_host_is_trusted_only_when_none_is_named(self) -> None:
        named = explicit_settings(**DEVELOPMENT, ALLOWED_HOSTS="a.test,.b.test")
        assert named.flask_config()["TRUSTED_HOSTS"] == ["a.test", ".b.test"]
        assert explicit_settings(**DEVELOPMENT).flask_config()["TRUSTED_HOSTS"] is None


class TestExamples:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("config.example.py", examples.python_example()),
            (".env.example", examples.env_example()),
        ],
    )
    def test_the_committed_example_is_current(self, name: str, text: str) -> None:
        committed = (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
        assert committed == text, "run `make config-examples`"

    def test_every_setting_is_described(self) -> None:
        assert all(field.description for field in Settings.model_fields.values())

    def test_a_copy_of_either_example_changes_nothing(self, checkout: Path) -> None:
        write_runtime_file(checkout / "instance", **DEVELOPMENT)
        before = load_settings()
        (checkout / ".env").write_text(examples.env_example())
        (checkout / "config.py").write_text(examples.python_example())
        assert load_settings() == before

    def test_an_uncommented_example_changes_nothing(self, checkout: Path) -> None:
        write_runtime_file(checkout / "instance", **DEVELOPMENT)
        before = load_settings()
        lines = examples.env_example().splitlines()
        settings = [line[2:] for line in lines if line[2:].split("=")[0] in Settings.model_fields]
        (checkout / ".env").write_text("\n".join(settings))
        assert len(settings) == len(Settings.model_fields)
        assert load_settings() == before

    def test_the_python_example_is_a_valid_program(self, tmp_path: Path) -> None:
        file = tmp_path / "config.py"
        file.write_text(examples.python_example())
        command = [sys.executable, "-W", "error", str(file)]
        assert subprocess.run(command, check=False, env=dict(os.environ)).returncode == 0
