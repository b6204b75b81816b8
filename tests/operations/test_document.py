"""What docs/operations.md says about deliveries and metrics is so."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "operations.md").read_text()


def test_the_three_commands_for_a_mail_that_did_not_arrive(app, owed, kill):
    kill(owed[0])
    (block,) = re.findall(r"```bash\n(.*?flask deliveries list.*?)```", DOCUMENT, re.DOTALL)
    outputs = []
    for line in block.replace(" 7\n", f" {owed[0]}\n").splitlines():
        words = line.removeprefix(".venv/bin/flask ").split()
        done = app.test_cli_runner().invoke(args=words)
        assert done.exit_code == 0, done.output
        outputs.append(done.output)

    assert "451 try later" in outputs[0]
    assert "Given up after 3 days" in outputs[1]
    assert "Tried again at once" in outputs[2]


@pytest.mark.parametrize("command", re.findall(r"`flask (deliveries [^`]+)`", DOCUMENT))
def test_every_command_that_is_named_is_there(app, command):
    words = [word for word in command.split() if word not in ("ID", "…", "WHY", "--reason")]

    done = app.test_cli_runner().invoke(args=[*words[:2], "--help"])
    assert done.exit_code == 0, done.output
    for option in (word for word in words if word.startswith("--")):
        assert option in done.output


def test_every_metric_and_alert_that_is_told_of_is_there_and_the_other_way_round(app, admin):
    app.extensions["metrics_reader"].forget()
    text = admin.get("/metrics").text
    told = set(re.findall(r"^# TYPE task_service_(\w+)", text, re.MULTILINE))
    table = DOCUMENT.partition("each begins with `task_service_`")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| [\w ]+ \| (.*) \|$", table, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert told - named == set()
    assert {name for name in named if name.count("_")} - told == {"in_hand"}

    rules = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"][0]["rules"]
    alerts = DOCUMENT.partition("| alert |")[2].partition("\n\n")[0]
    assert {rule["alert"] for rule in rules} == set(re.findall(r"`([A-Z]\w+)`", alerts))
