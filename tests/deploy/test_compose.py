"""What `docker-compose.yml`, the image and the proxy must hold, as far as no engine is needed.

`make check-compose` tries the same for real.
"""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Settings, explicit_settings
from app.core.jobs import QUEUES
from workers.processes import NAMES, commands

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, one in SERVICES.items() if str(one["image"]).startswith("task-service")}
MONITORING = {name for name, one in SERVICES.items() if "profiles" in one}
ONE_SHOT = {"secrets", "migrate"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()


def setting_names() -> set[str]:
    return {
        str(name)
        for field, info in Settings.model_fields.items()
        for name in (field, *getattr(info.validation_alias, "choices", ()))
    }


def test_every_service_that_a_document_names_is_there():
    assert SERVICES.keys() == {
        *("db", "redis", "cache", "secrets", "migrate", "web", "api", "realtime"),
        *("relay", "worker", "celery", "beat", "proxy"),
        *("prometheus", "grafana", "flower"),
    }
    assert OURS == SERVICES.keys() - {"db", "redis", "cache", "proxy"} - MONITORING


def test_monitoring_is_only_started_when_asked_for_and_only_for_this_machine():
    assert MONITORING == {"prometheus", "grafana", "flower"}
    for name in MONITORING:
        assert SERVICES[name]["profiles"] == ["monitoring"]
        assert [port.split(":")[0] for port in SERVICES[name]["ports"]] == ["127.0.0.1"]
    for name in SERVICES.keys() - MONITORING:
        assert not MONITORING & set(SERVICES[name].get("depends_on", ()))


def test_prometheus_finds_every_web_process_and_has_the_token_that_is_made():
    known = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())
    (job,) = known["scrape_configs"]

    assert job["dns_sd_configs"][0]["names"] == ["web", "api", "realtime"]
    assert SERVICES.keys() >= set(job["dns_sd_configs"][0]["names"])
    folder, _, file = job["authorization"]["credentials_file"].rpartition("/")
    assert f"secrets:{folder}:ro" in SERVICES["prometheus"]["volumes"]
    assert f'"{file}"' in (ROOT / "deploy" / "make_secrets.py").read_text()
    for mount in (*SERVICES["prometheus"]["volumes"], *SERVICES["grafana"]["volumes"]):
        if mount.startswith("./"):
            assert (ROOT / mount.split(":")[0]).exists(), mount


def test_only_the_proxy_is_published_and_only_to_this_machine_by_default():
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}

    assert {name: ports for name, ports in published.items() if name not in MONITORING} == {
        "proxy": [f"${{PUBLISH_ON:-127.0.0.1}}:{port}:{port}" for port in (5000, 8000, 8001)]
    }


def test_data_and_secrets_are_out_of_the_proxys_reach():
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["proxy"]["networks"] == ["outside"]
    for name in ("db", "redis", "cache"):
        assert list(SERVICES[name]["networks"]) == ["inside"]
    for name in MONITORING - {"flower"}:
        assert SERVICES[name]["networks"] == ["outside"]
    assert not [volume for volume in SERVICES["proxy"]["volumes"] if volume.startswith("secrets")]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_reaches_the_service_and_nothing_else_does(name):
    compose_only = {"ENVIRONMENT", "PUBLISH_ON"}
    passed = SERVICES[name]["environment"]

    assert passed.keys() == setting_names() - {"BIND", "DATA_DIR"}, (
        "docker-compose.yml passes every setting on (BIND and DATA_DIR are the image's): add the "
        "new one to x-service, or take the old one out"
    )
    # With a value of its own, a name still takes what .env says.
    for setting, value in passed.items():
        assert value is None or str(value).startswith(f"${{{setting}:-")
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert used <= setting_names() | compose_only


def test_no_secret_has_a_default():
    secret = re.compile(r"(PASSWORD|SECRET|TOKEN|KEY)\w*:\s*\$\{\w+:-[^}]")

    assert not secret.search((ROOT / "docker-compose.yml").read_text())


def test_what_the_stack_sets_are_good_settings():
    values = {
        name: str(value).partition(":-")[2].rstrip("}")
        for name, value in SERVICES["web"]["environment"].items()
        if value is not None
    }

    settings = explicit_settings(**values, SECRET_KEY="x" * 40, DB_PASSWORD="p")

    assert settings.DATABASE_URL == "postgresql+psycopg2://tasks:p@db:5432/tasks"
    assert settings.REDIS_URL == "redis://redis:6379/0"
    assert settings.CACHE_REDIS_URL == "redis://cache:6379/0"
    assert settings.TRUSTED_PROXIES == 1


def test_no_image_is_whatever_is_newest():
    for name, one in SERVICES.items():
        tag = one["image"].partition(":")[2]
        assert tag not in {"", "latest"}, name
    assert "# syntax=" not in DOCKERFILE


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_has_few_rights_and_an_end(name):
    one = SERVICES[name]

    assert one["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["init"] is True
    assert one["stop_grace_period"]
    assert one["logging"]["options"]["max-size"]
    assert one.get("read_only") is (None if name == "db" else True)


def test_everybody_waits_for_the_migration_and_it_for_the_database():
    for name in OURS - ONE_SHOT:
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully", name
        assert waits["redis"]["condition"] == "service_healthy", name
    assert SERVICES["migrate"]["depends_on"]["db"]["condition"] == "service_healthy"
    assert SERVICES["db"]["depends_on"]["secrets"]["condition"] == "service_completed_successfully"


def test_health_is_checked_wherever_there_is_more_to_know_than_that_a_process_runs():
    checked = {name for name, one in SERVICES.items() if "test" in one.get("healthcheck", {})}
    by_the_image = {name for name in OURS if "healthcheck" not in SERVICES[name]}

    assert checked == {"db", "redis", "cache", "worker", "celery", "proxy"}
    assert by_the_image == {"web", "api", "realtime"}
    assert "HEALTHCHECK" in DOCKERFILE
    for name in ("worker", "celery"):
        assert "workers.celery_app" not in SERVICES[name]["healthcheck"]["test"][1], (
            "a question that loads the application takes too long on a busy machine"
        )


def test_a_start_on_a_busy_machine_is_not_taken_for_a_failure():
    """`up` ends with an error, and without the proxy, once `web` counts as unhealthy."""
    (minutes,) = re.findall(r"--start-period=(\d+)m", DOCKERFILE)

    assert int(minutes) >= 3


def test_the_broker_forgets_nothing_and_the_cache_is_bounded():
    broker, cache = (" ".join(SERVICES[name]["command"]) for name in ("redis", "cache"))

    assert "--appendonly yes" in broker
    assert "--maxmemory-policy noeviction" in broker
    assert "--maxmemory 64mb --maxmemory-policy allkeys-lru" in cache


def test_the_processes_are_those_of_run_py():
    started = {name: SERVICES[name].get("command", [])[-1:] for name in OURS - {"secrets"}}

    assert {name for command in started.values() for name in command} == set(NAMES) - {"web"}
    assert [name for name, command in started.items() if not command] == [
        name for name in started if name in {"web", "api", "realtime"}
    ]
    assert 'CMD ["python", "-m", "workers.processes", "web"]' in DOCKERFILE


def test_a_worker_listens_to_every_queue():
    known = commands(
        explicit_settings(SECRET_KEY="x", DATABASE_URL="postgresql://x/x", REDIS_URL="redis://x")
    )

    assert ",".join(QUEUES) in known["worker"]
    assert all(command[0] == sys.executable for command in known.values())


def test_the_image_for_production_holds_neither_tests_nor_embedded_servers():
    production = DOCKERFILE.partition("AS production")[2]

    assert "--from=libraries" in production
    assert "ENVIRONMENT=production" in production
    assert production.rstrip().endswith("USER service")
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", production, re.MULTILINE)
    for source in " ".join(copied).split():
        assert (ROOT / source).exists(), source
        assert source not in {".", "tests/", "embedded/", "requirements-dev.txt"}


def test_no_secret_of_this_machine_gets_into_the_image():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert {".env", "config.py", "instance", ".git", ".venv"} <= set(ignored)


def test_the_proxy_serves_every_port_and_both_kinds_of_socket():
    assert re.findall(r"listen (\d+);", NGINX) == ["5000", "8000", "8001"]
    (sockets,) = re.findall(r"location ~ (\S+) \{", NGINX)
    assert re.match(sockets, "/socket.io/")
    assert re.match(sockets, "/ws/tasks/")
    assert not re.match(sockets, "/api/v1/tasks/")
    for name in re.findall(r"(?:http://|server )([\w-]+):5000", NGINX):
        aliases = SERVICES["web"]["networks"]["outside"]["aliases"]
        assert name in SERVICES or name in aliases, name
    for header in ("X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme", "Upgrade"):
        assert f"proxy_set_header {header}" in NGINX
    assert "client_max_body_size 33m;" in NGINX
    assert "proxy_buffering off;" in NGINX
