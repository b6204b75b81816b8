"""The health check of a container that serves the web: exit code 0 when it says it is ready.

Every few seconds this runs anew, hence the standard library alone.
"""

import http.client
import os
import sys


def is_ready(port: int) -> bool:
    """Tell whether `/readyz` on this port answers 200."""
    names = os.environ.get("ALLOWED_HOSTS", "").split(",")
    host = names[0].strip().lstrip(".*") or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    first = os.environ.get("BIND", "").split(",")[0]
    sys.exit(not is_ready(int(first.rpartition(":")[2] or 5000)))
