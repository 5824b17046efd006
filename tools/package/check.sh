# Checks that a laid out program runs elsewhere:  sh tools/package/check.sh FOLDER GLIBC_VERSION
# Its files want no symbol of a C library later than that version and no library but the C library's that is not in FOLDER/lib
# (our own may want libtorch); the loader looks for them from $ORIGIN only; and our own know nothing of this repository's place.
# Prints every offence and fails if there is any.
set -eu
export LC_ALL=C
folder=$1 glibc=$2
here=$(cd "${0%/*}/../.." && pwd)
libraries=" $(ls "$folder/lib" | tr '\n' ' ')"

# offences FILE: what is wrong with what the loader reads of it.
offences() {
  readelf --wide --dynamic --version-info "$1" | awk -v glibc="$glibc" -v name="${1##*/}" -v libraries="$libraries" '
    function later(a, b, x, y, i) {
      split(a, x, "."); split(b, y, ".")
      for (i = 1; i <= 3; i++) if (x[i] + 0 != y[i] + 0) return x[i] + 0 > y[i] + 0
      return 0
    }
    function in_brackets(text) { sub(/^[^[]*\[/, "", text); sub(/\].*/, "", text); return text }
    match($0, /Name: GLIBC_[0-9.]+/) {
      version = substr($0, RSTART + 12, RLENGTH - 12)
      if (later(version, glibc) && !seen[version]++) print name ": wants GLIBC_" version ", which glibc " glibc " lacks"
    }
    /Name: GLIBC_PRIVATE/ { print name ": wants a private symbol of the C library, which another version may lack" }
    /Dynamic section at/ { is_read = 1 }
    /\((RPATH|RUNPATH)\)/ {
      count = split(in_brackets($0), places, ":")
      for (i = 1; i <= count; i++)
        if (places[i] !~ /^\$ORIGIN(\/|$)/) print name ": looks for libraries in \"" places[i] "\""
    }
    /\(NEEDED\)/ {
      library = in_brackets($0)
      of_C_library = library ~ /^(ld-linux.*|lib(c|m|dl|pthread|rt|resolv|util|mvec))\.so\./
      optional = name ~ /^libmanyshot/ && library ~ /^lib(torch|c10)/
      if (!of_C_library && !optional && !index(libraries, " " library " ")) print name ": wants " library ", which is not there"
    }
    END { if (!is_read) print name ": cannot be read by readelf" }'
}

found=$(
  for file in "$folder/bin/manyshot" "$folder"/lib/*.so*; do
    offences "$file"
    case ${file##*/} in manyshot | libmanyshot*) ! grep -qF "$here/" "$file" || echo "${file##*/}: knows $here" ;; esac
  done
)
[ -z "$found" ] || {
  printf 'This program would not run everywhere:\n%s\n' "$found" >&2
  exit 2
}
