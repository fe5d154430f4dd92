#!/usr/bin/env bash
# device/ as a project of its own, as whoever embeds it builds it, warnings
# being errors: with all of it, and with neither ciphers nor x86 kernels.
#
#   tools/device_alone.sh DIR    DIR/full, DIR/bare; each has the example
#                                examples/classify.c, too
set -euo pipefail
to=${1:?usage: tools/device_alone.sh DIR}
source=$(cd "$(dirname "$0")/.." && pwd)
# Most sources are the same in both after the preprocessor, and are compiled once:
# that is what ccache compares unless it is told to depend on files.
unset CCACHE_DEPEND
launcher=()
if command -v ccache > /dev/null; then
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
build() {  # name, flags
  cmake -S "$source/device" -B "$to/$1" -G Ninja -DSHOAL_WERROR=ON \
    "${launcher[@]}" "${@:2}" > /dev/null
  cmake --build "$to/$1"
}
build full
build bare -DSHOAL_CIPHERS=OFF -DSHOAL_X86_KERNELS=OFF
# Nothing of Mbed TLS is asked for.
if nm -u "$to/bare/classify" "$to"/bare/*/*.a 2> /dev/null | grep mbedtls; then
  echo "bare: needs Mbed TLS" >&2
  exit 1
fi
