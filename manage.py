"""The commands that people know from Django: `python manage.py migrate`.

Each only stands for a command of this service and passes its arguments on; `.venv/bin/flask --help`
shows them all.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
FLASK = ("-m", "flask", "--app", "app")
COMMANDS = {
    "migrate": (*FLASK, "db", "upgrade"),
    "makemigrations": (*FLASK, "db", "migrate"),
    "createsuperuser": (*FLASK, "create-admin"),
    "shell": (*FLASK, "shell"),
    "runserver": ("run.py",),
    "test": ("-m", "pytest"),
    "autoscale": ("-m", "workers.autoscale"),
}


def main(arguments: list[str]) -> None:
    """Become the command that `arguments` name; exit with 2 where there is none."""
    name, *rest = arguments or [""]
    if name not in COMMANDS:
        sys.exit(_usage())
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *COMMANDS[name], *rest])  # noqa: S606 - see above


def _usage() -> int:
    width = max(map(len, COMMANDS))
    print("Usage: python manage.py COMMAND [ARGUMENT ...]\n", file=sys.stderr)
    for name, command in COMMANDS.items():
        print(f"  {name:{width}}  python {' '.join(command)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main(sys.argv[1:])
