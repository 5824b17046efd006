#!/bin/sh
# Makes the virtual environment in which the Python tests run: tools/python/venv.sh FOLDER (default: .deps/python)
set -eu
root=$(cd -- "$(dirname -- "$0")/../.." && pwd)
folder=${1:-$root/.deps/python}
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --requirement "$root/python/tests/requirements.txt"
echo "the Python tests run with $folder/bin/python"
