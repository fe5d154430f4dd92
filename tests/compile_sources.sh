#!/usr/bin/env bash
# Compiles every source of an exported project, in the current folder, with
# Debian's compiler for ARM:
#   compile_sources.sh PASSED "FLAGS" "-I..."
# PASSED is a folder that remembers what has compiled. Of the runtime (device/),
# which firmware is built of for every kind of core, with optimization and
# warnings, no code is made here. It includes nothing of an SDK, so that where
# all of it has passed with the same flags, for whatever core, the same files
# pass again. So does another source that is the same after the preprocessor.
set -euo pipefail
export passed=$1 flags=$2 includes=$3
export strict="-mthumb -Wall -Wextra -Werror"
export plain="-fno-exceptions -fno-rtti"

key_of() { echo "$passed/$(sha256sum | cut -c1-64)"; }

compile_other() {
  local command=(arm-none-eabi-g++ $flags $includes $strict $plain -O1) text key
  case $1 in
    *.S | *.c)
      arm-none-eabi-gcc -mcpu=cortex-m3 $strict $includes -c -o /dev/null "$1"
      return
      ;;
    *.ino) command+=(-x c++) ;;
  esac
  text=$("${command[@]}" -E -P "$1")
  key=$(key_of <<<"$flags $text")
  [[ -e $key ]] || { "${command[@]}" -c -o /dev/null "$1" && : >"$key"; }
}
export -f key_of compile_other

# sources [TEST OF find...]: those that pass it.
sources() {
  find . '(' -name '*.cpp' -o -name '*.ino' -o -name '*.S' -o -name '*.c' ')' \
    "$@" -print0
}

tree=$({ sed 's/-mcpu=[^ ]*//' <<<"$flags" &&
  find . -path '*/device/*' -type f -print0 | sort -z | xargs -0 cat; } | key_of)
[[ -e $tree ]] || {
  sources -path '*/device/*' | xargs -0 -r -P 2 -n 16 \
    arm-none-eabi-g++ $flags $includes $strict $plain -fsyntax-only
  : >"$tree"
}
sources -not -path '*/device/*' |
  xargs -0 -r -P 2 -I{} bash -ec "compile_other {} || { echo {}; exit 1; }"
