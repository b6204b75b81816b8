"""`flask autoscale`: becomes `python -m workers.autoscale`.

That module needs boto3, which no process that serves requests should load.
"""

import os
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]


@click.command("autoscale")
@click.option(
    "--apply", is_flag=True, help="Set the capacity, instead of telling what it would be."
)
def autoscale(apply: bool) -> None:
    """Look at the load and decide on the number of machines."""
    os.chdir(ROOT)
    command = [sys.executable, "-m", "workers.autoscale", *(["--apply"] if apply else [])]
    os.execv(sys.executable, command)  # noqa: S606 - our own module, nobody's input
