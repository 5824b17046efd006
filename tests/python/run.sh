#!/bin/sh
# Runs the tests of the Python package against the built library: run.sh SOURCE_DIR DEPS_DIR
# 77: skipped, since the environment of tools/python/venv.sh is not there.
set -eu
folder=${MANYSHOT_PYTHON_VENV:-$2/python}
if [ ! -x "$folder/bin/python" ]; then
  echo "SKIPPED: no Python environment in $folder; tools/python/venv.sh makes it, or name one in MANYSHOT_PYTHON_VENV"
  exit 77
fi
cd "$1/python"
SCIPY_ARRAY_API=1 PYTHONPATH=$1/python PYTHONDONTWRITEBYTECODE=1 exec "$folder/bin/python" -m pytest -q -p no:cacheprovider tests
