#!/bin/sh
# An installed program is whole: moved elsewhere, it answers from any folder, with no library from the build or the system.
#   sh install_test.sh REPOSITORY BUILD
set -u
work="$2/install test"
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
. "$1/tests/setup/checks.sh"
install_tree() { sh "$1/tools/setup/install_tree.sh" "$2" "$3"; }

check "install" install_tree "$1" "$2" "$work/here"
check "install over itself" install_tree "$1" "$2" "$work/here"
check "nothing half done is left" [ ! -e "$work/here/lib/manyshot.partial" ]
for file in man/man1/manyshot.1 bash-completion/completions/manyshot zsh/site-functions/_manyshot fish/vendor_completions.d/manyshot.fish; do
  check "$file" [ -s "$work/here/share/$file" ]
done
check "the link starts it" env -i "$work/here/bin/manyshot" version

mv "$work/here/lib/manyshot" "$work/moved"
program=$work/moved/bin/manyshot
elsewhere() { (cd / && env -i "$program" "$@"); }
predict() { elsewhere predict --train "$1/train.csv" --test "$1/test.csv" --target quality --out "$work/predictions.csv" --quiet; }
check "predicts with the default model" predict "$1/examples/wine"
check "an answer for each row" [ "$(wc -l <"$work/predictions.csv")" -eq "$(wc -l <"$1/examples/wine/test.csv")" ]

# Only the C library is the system's. What is opened at run time finds its libraries by the program's RPATH, which ldd knows of the program alone.
foreign() {
  grep ' => ' | grep -v -e " => $work/moved/" -e '^[[:blank:]]*lib\(c\|m\|dl\|pthread\|rt\|resolv\|util\|mvec\)\.so\.' | sort -u
}
check "no library from elsewhere" [ "$(ldd "$program" | foreign)" = "" ]
check "nor for what is opened at run time" [ "$(LD_LIBRARY_PATH=$work/moved/lib ldd "$work/moved"/lib/libmanyshot_*.so | foreign)" = "" ]

mkdir -p "$work/taken/lib/manyshot" "$work/program/bin"
echo mine >"$work/taken/lib/manyshot/notes"
echo mine >"$work/program/bin/manyshot"
check "another folder of that name" fails_with "is not an installed manyshot" install_tree "$1" "$2" "$work/taken"
check "is left alone" [ "$(cat "$work/taken/lib/manyshot/notes")" = mine ]
check "another program of that name" fails_with "is not a link" install_tree "$1" "$2" "$work/program"

[ $failures -eq 0 ] && echo "all passed"
