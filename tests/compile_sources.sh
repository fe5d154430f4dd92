#!/usr/bin/env bash
# Compiles every source of an exported project, in the current folder, with
# Debian's compiler for ARM:
#   compile_sources.sh PASSED "FLAGS" "-I..."
# PASSED is a folder that remembers what has compiled. The runtime (device/),
# which firmware is built of with optimization and warnings, is not optimized
# here; it includes nothing of an SDK, so that where all of it has passed with
# these flags, the same files pass again. So does another source that is the
# same after the preprocessor.
set -euo pipefail
export passed=$1 flags=$2 includes=$3
export strict="-mthumb -Wall -Wextra -Werror"
export plain="-fno-exceptions -fno-rtti"

key_of() { echo "$passed/$(sha256sum | cut -c1-64)"; }

compile_device() {
  arm-none-eabi-g++ $flags $includes $strict $plain -O0 -c -o /dev/null "$1"
}

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
export -f key_of compile_device compile_other

# each FUNCTION [TEST OF find...]: for every source that passes it.
each() {
  find . '(' -name '*.cpp' -o -name '*.ino' -o -name '*.S' -o -name '*.c' ')' \
    "${@:2}" -print0 |
    xargs -0 -r -P 2 -I{} bash -ec "$1 {} || { echo {}; exit 1; }"
}

tree=$({ echo "$flags" && find . -path '*/device/*' -type f -print0 | sort -z |
  xargs -0 cat; } | key_of)
[[ -e $tree ]] || { each compile_device -path '*/device/*' && : >"$tree"; }
each compile_other -not -path '*/device/*'
