#!/bin/sh
# Find a Python that is recent enough and let it make the environment, unless that is there.
#
#     sh install.sh ENVIRONMENT PYTHON [EXTRA...]      an empty PYTHON: the newest on PATH
set -u
installer=$(dirname "$0")/install.py
environment=$1
named=$2
shift 2

if [ -z "$named" ] && [ -x "$environment/bin/python" ] &&
    "$environment/bin/python" -I "$installer" --check "$environment" "$@" 2>/dev/null; then
    exit 0
fi

found=
for python in "$named" python3.14 python3.13 python3.12 python3.11 python3 python; do
    [ -n "$python" ] || continue
    # Run it: a name on PATH may be a shim that leads nowhere.
    if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" -I "$installer" "$environment" "$@"
    fi
    version=$("$python" -V 2>/dev/null) && found="$found, and $python is $version"
    [ -z "$named" ] || break
done
echo "clean-corpus needs Python 3.11 or later${found:-, and there is none}; install one," \
    "or name it with PYTHON=... (in a host CLEAN_CORPUS_BASE_PYTHON=...)" >&2
exit 2
