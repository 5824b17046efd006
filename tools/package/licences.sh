# Puts the licences of all that travels in a laid out folder into it:  sh tools/package/licences.sh DEPS FOLDER
# FOLDER/licenses has those of the unpacked wheels in DEPS and of the Debian packages that the libraries in FOLDER/lib come from;
# sources.txt says which package in which version each is, and from which source package Debian made it.
set -eu
deps=$1 folder=$2
licences=$folder/licenses
header_only="nlohmann-json3-dev libcli11-dev"  # compiled into our own libraries

refuse() {
  printf 'package: %s\n' "$1" >&2
  exit 2
}

# package_of NAME: the Debian package that has the library. It knows some by their old place /lib.
package_of() {
  dpkg -S "/usr/lib/$(uname -m)-linux-gnu/$1" "/lib/$(uname -m)-linux-gnu/$1" 2>/dev/null | sed -n '1s/[:,].*//p'
}

# add_package PACKAGE WHAT: its licence, and a line for what comes from it.
add_package() {
  [ -f "/usr/share/doc/$1/copyright" ] || refuse "/usr/share/doc/$1/copyright is missing: without its licence $2 may not be passed on"
  cp -L "/usr/share/doc/$1/copyright" "$licences/$1.txt"
  dpkg-query -W -f "$2"'\t${Package} ${Version}\t${source:Package} ${source:Version}\n' "$1" | sed 1q >>"$licences/sources.txt"
}

command -v dpkg-query >/dev/null || refuse "there is no dpkg, which tells the licences of the libraries: make the package on Debian or Ubuntu"
mkdir -p "$licences"
printf 'what\tDebian package\tDebian source package\n' >"$licences/sources.txt"

for library in "$folder"/lib/*.so*; do
  name=${library##*/}
  case $name in libmanyshot* | libarrow.so.* | libparquet.so.*) continue ;; esac
  package=$(package_of "$name")
  [ -n "$package" ] || refuse "$name is of no Debian package: without its licence it may not be passed on"
  add_package "$package" "$name"
done
for package in $header_only; do
  add_package "$package" headers
done

cp "$deps"/pyarrow-*.dist-info/licenses/LICENSE.txt "$licences/arrow.txt"
cp "$deps"/pyarrow-*.dist-info/licenses/NOTICE.txt "$licences/arrow-notice.txt"
cp "$deps"/plotly-*.dist-info/licenses/LICENSE.txt "$licences/plotly.js.txt"

# The texts that Debian's files only point at.
mkdir "$licences/common-licenses"
grep -oh '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$licences"/*.txt | sort -u |
  while read -r text; do
    cp -L "$text" "$licences/common-licenses/" || refuse "$text is missing"
  done
