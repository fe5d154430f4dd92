#!/usr/bin/env bash
# A Debian package of shoal: the tool with its manual pages and completion, the
# firmware of emulated boards, the bundled model, and the libraries and headers
# of device/ for find_package(shoal) and pkg-config.
#   tools/package.sh BUILD DIR [DEVICE]   DIR/shoal_*.deb from the build BUILD,
#                                         and the build of device/ in DEVICE
set -euo pipefail
usage="usage: tools/package.sh BUILD DIR [DEVICE]"
build=$(cd "${1:?$usage}" && pwd)
mkdir -p "${2:?$usage}"
to=$(cd "$2" && pwd)
device=${3:-$to/device}
source=$(cd "$(dirname "$0")/.." && pwd)
launcher=()
if command -v ccache > /dev/null; then
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
# Where find_package() looks for a package below /usr.
lib=lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
cmake -S "$source/device" -B "$device" -G Ninja "${launcher[@]}" \
  -DCMAKE_INSTALL_LIBDIR="$lib" > /dev/null
cmake --build "$device" -- --quiet
device=$(cd "$device" && pwd)
rm -rf "$to"/made "$to"/*.deb
(cd "$to" && cpack --config "$build/CPackConfig.cmake" -B "$to/made" \
  -D CPACK_INSTALL_CMAKE_PROJECTS="$build;shoal;ALL;/;$device;shoal_device;ALL;/" \
  > "$to/log") || { cat "$to/log" >&2; exit 1; }
mv "$to"/made/*.deb "$to/"
