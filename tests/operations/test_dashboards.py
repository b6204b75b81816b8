"""What the dashboards and the alerts ask for is told by `/metrics`."""

import json
import re
from pathlib import Path

import pytest
import yaml

from app.core.delivery_models import State

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NAME = re.compile(r"\b(?:task_service|process)_\w+")
# What a histogram is made of.
PARTS = re.compile(r"_(bucket|sum|count)$")


def dashboard():
    return json.loads((DEPLOY / "grafana" / "dashboards" / "task-service.json").read_text())


def rules():
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    return group["rules"]


def expressions():
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (rule["expr"] for rule in rules())


@pytest.fixture
def told(app, admin):
    """Name of each metric → its text in the answer."""
    app.extensions["metrics_reader"].forget()
    text = admin.get("/metrics").text
    return {part.split(" ", 1)[0]: part for part in text.split("# TYPE ")[1:]}


def test_every_metric_that_is_asked_for_is_told(told):
    asked = {PARTS.sub("", name) for each in expressions() for name in NAME.findall(each)}

    assert len(asked) > 20
    assert asked - told.keys() == set()


def test_every_metric_of_ours_is_shown_somewhere(told):
    asked = {PARTS.sub("", name) for each in expressions() for name in NAME.findall(each)}
    ours = {name for name in told if name.startswith("task_service_")}

    assert ours - asked == {"task_service_build_info"}


def test_what_is_compared_with_a_label_is_a_value_that_it_has(told):
    for expression in expressions():
        for name, label, value in re.findall(r'(task_service_\w+)\{(\w+)="(\w+)"\}', expression):
            if name not in ("task_service_jobs_total", "task_service_requests_total"):
                assert f'{label}="{value}"' in told[name], expression


def test_panels_have_their_own_ids_and_places_and_the_provisioned_source():
    panels = dashboard()["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    source = yaml.safe_load(
        (DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text()
    )["datasources"][0]

    assert len({panel["id"] for panel in panels}) == len(panels) == len(places)
    assert {p["datasource"]["uid"] for p in panels if "datasource" in p} == {source["uid"]}


def test_alerts_say_what_to_do_with_commands_that_exist():
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        summary = rule["annotations"]["summary"]
        for state in re.findall(r"flask deliveries list --state (\w+)", summary):
            assert state in list(State)
