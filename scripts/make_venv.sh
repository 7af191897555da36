#!/bin/sh
# make_venv.sh FOLDER [PYTHON]: makes a virtual environment with Python 3.11 or newer; keeps one that is there and works.
set -eu
folder=$1
suits() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if "$folder/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    echo "Keeping the environment $folder" && exit 0
fi
for python in ${2:-python3.11 python3.12 python3.13 python3.14 python3 python}; do
    if suits "$python"; then
        echo "Making the environment $folder with $("$python" --version)"
        exec "$python" -m venv "$folder"
    fi
done
echo "No Python 3.11 or newer with venv was found${2:+ under the name $2}. Install it (on Debian: python3 and python3-venv), or say make PYTHON=/path/to/python." >&2
exit 1
