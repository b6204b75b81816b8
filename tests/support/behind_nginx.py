"""`run.py` with two web and two realtime processes behind nginx, as containers have them.

nginx has the configuration of the containers but for names, ports and folders.
"""

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Started as a program, it finds neither the checkout nor what the tests add to the path.
sys.path.insert(0, str(ROOT))

import run  # noqa: E402
from app.config import Settings  # noqa: E402
from embedded import ProcessSpec  # noqa: E402
from embedded.ports import free_port  # noqa: E402

CONFIGURATION = ROOT / "deploy" / "nginx.conf"
NAMES = ("web", "api", "realtime", "realtime-2")
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING = "there is no nginx; on Debian: apt-get install nginx-light"


def configuration(address: str, ports: Mapping[str, int], folder: Path) -> str:
    """What the containers' nginx is told, for processes at `ports` of this machine."""
    text = CONFIGURATION.read_text()
    text = re.sub(r"^ +resolver.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"( +listen )5000;(\n +listen \d+;)*", rf"\g<1>{address};", text)
    text = re.sub(r" /tmp/(\S+);", rf' "{folder}/\g<1>";', text)
    text = _with_servers(text, "server realtime:5000 resolve", ports, NAMES[2:])
    # A name with a variable in front of it is looked up among the upstreams, ports and all. A name
    # that is resolved for each request forgets who failed, and so must this one.
    both = "upstream http-servers {\n        server any max_fails=0;\n    }\n\n"
    text = text.replace("    upstream sockets {", f"    {both}    upstream sockets {{")
    text = _with_servers(text, "server any", ports, NAMES[:2])
    text = text.replace("http://http-servers:5000", "http://http-servers")
    return text.replace("http://web:5000", f"http://127.0.0.1:{ports['web']}")


def _with_servers(text: str, pattern: str, ports: Mapping[str, int], names: Sequence[str]) -> str:
    (options,) = re.findall(rf"{pattern}(.*);", text)
    servers = [f"server 127.0.0.1:{ports[name]}{options};" for name in names]
    return text.replace(f"{pattern}{options};", " ".join(servers))


def processes(settings: Settings) -> list[ProcessSpec]:
    """Those of `run.py`, its web server four times, and nginx at its address."""
    if NGINX is None:
        raise SystemExit(MISSING)
    usual = {spec.name: spec for spec in run_alone(settings)}
    ports = {name: free_port() for name in NAMES}
    web = usual.pop("web")
    folder = settings.DATA_DIR / "nginx"
    folder.mkdir(mode=0o755)
    file = folder / "nginx.conf"
    file.write_text(configuration(settings.BIND[0], ports, folder))
    servers = [_server(web, name, port) for name, port in ports.items()]
    command = [NGINX, "-c", str(file), "-e", str(folder / "error.log"), "-g", "daemon off;"]
    proxy = replace(web, name="nginx", command=command, cwd=folder)
    return [usual.pop("migrate"), *servers, proxy, *usual.values()]


def _server(web: ProcessSpec, name: str, port: int) -> ProcessSpec:
    environment = dict(os.environ) | {"BIND": f"127.0.0.1:{port}"}
    return replace(web, name=name, env=environment, is_ready=None)


if __name__ == "__main__":
    run_alone = run._service
    run._service = processes
    sys.exit(run.main())
