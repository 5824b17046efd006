# Writes the manual page and the completions where man and shells look for them:  sh tools/setup/shell_files.sh PROGRAM SHARE
# SHARE is the folder share of a prefix, such as ~/.local/share; each file appears whole or not at all.
set -eu
program=$1 share=$2

put() {
  mkdir -p "$share/${1%/*}"
  file=$share/$1
  shift
  "$program" "$@" >"$file.partial"
  mv "$file.partial" "$file"
}
put man/man1/manyshot.1 help --man
put bash-completion/completions/manyshot completion bash
put zsh/site-functions/_manyshot completion zsh
put fish/vendor_completions.d/manyshot.fish completion fish
