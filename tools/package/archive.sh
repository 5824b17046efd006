# Packs a folder as bytes that depend on its files and their names alone:  sh tools/package/archive.sh FOLDER ARCHIVE LEVEL
# ARCHIVE is a .tar.xz compressed at that level (0 to 9), with ARCHIVE.sha256 beside it. Every file in it has the time
# SOURCE_DATE_EPOCH, by default that of the last commit.
set -eu
folder=$1 archive=$2 level=$3
max_bytes=47185920  # 45 MiB
here=$(cd "${0%/*}/../.." && pwd)
time=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || date -r "$here/CMakeLists.txt" +%s)}
trap 'rm -f "$archive.part" "$archive.part.xz"' EXIT
trap 'exit 130' INT TERM HUP

tar --create --file "$archive.part" --directory "${folder%/*}" --format=gnu --sort=name --mtime="@$time" \
  --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX "${folder##*/}"
xz --compress --force "-$level" --threads=1 "$archive.part"
bytes=$(wc -c <"$archive.part.xz")
[ "$bytes" -le "$max_bytes" ] || {
  printf 'package: the archive has %s bytes, more than the %s of 45 MiB\n' "$bytes" "$max_bytes" >&2
  exit 2
}
mv "$archive.part.xz" "$archive"
(cd "${archive%/*}" && sha256sum "${archive##*/}" >"${archive##*/}.sha256")
