"""A program for the tests: supervises the processes that its first argument describes as JSON.

Each is ``[name, source code of a Python program, {ProcessSpec field: value}]``.
"""

import json
import sys

from embedded import ProcessSpec, Supervisor


def tell() -> None:
    sys.stdout.write("all up\n")
    sys.stdout.flush()


specs = [
    ProcessSpec(name=name, command=[sys.executable, "-u", "-c", code], **fields)
    for name, code, fields in json.loads(sys.argv[1])
]
sys.exit(Supervisor(specs).run(tell))
