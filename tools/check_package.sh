#!/usr/bin/env bash
# device/ as others take it: installed and found by find_package and by
# pkg-config, and as a subdirectory; from a project outside of the tree. Leaves
# the example of each way in DIR/WAY/classify. What is installed are the builds
# of tools/device_alone.sh in ALONE, which it makes where they are missing.
#   tools/check_package.sh DIR [ALONE]
set -euo pipefail
to=${1:?usage: tools/check_package.sh DIR [ALONE]}
source=$(cd "$(dirname "$0")/.." && pwd)
rm -rf "$to"
mkdir -p "$to"
to=$(cd "$to" && pwd)
alone=${2:-$to/alone}
quiet() { "$@" > "$to/log" 2>&1 || { cat "$to/log" >&2; return 1; }; }
launcher=()
if command -v ccache > /dev/null; then
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
configure() { quiet cmake -G Ninja "${launcher[@]}" "$@"; }

# A stranger's project: C and C++17 extensions, tests of its own, warnings.
project() {  # folder, how it gets shoal, targets
  mkdir -p "$to/$1"
  cp "$source/examples/classify.c" "$to/$1"
  cat > "$to/$1/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(stranger VERSION 7 LANGUAGES C CXX)
enable_testing()
set(BUILD_TESTING ON)
$2
add_executable(classify classify.c)
target_link_libraries(classify PRIVATE $3)
if(DEFINED CMAKE_CXX_STANDARD OR NOT PROJECT_SOURCE_DIR STREQUAL CMAKE_SOURCE_DIR)
  message(FATAL_ERROR "shoal changes the project that takes it")
endif()
END
}

# Without Mbed TLS, and with it.
quiet "$source/tools/device_alone.sh" "$alone"
alone=$(cd "$alone" && pwd)
for ciphers in OFF ON; do
  build=$alone/full
  [[ $ciphers == ON ]] || build=$alone/bare
  quiet cmake -DCMAKE_INSTALL_PREFIX="$to/made-$ciphers" \
    -DCMAKE_INSTALL_LIBDIR=lib "$build"
  quiet cmake --build "$build"
  quiet cmake --install "$build"
  # The tree and the build are not needed, and it lies where it is put.
  mv "$to/made-$ciphers" "$to/prefix-$ciphers"
  if grep -rqs -e "$source" -e "$alone" "$to/prefix-$ciphers"/lib/cmake \
      "$to/prefix-$ciphers"/lib/pkgconfig; then
    echo "the installation names the tree" >&2
    exit 1
  fi
done

way() {  # name, prefix, targets, components
  project "$1" "find_package(shoal 0.1 REQUIRED COMPONENTS $4)" "$3"
  configure -S "$to/$1" -B "$to/$1/build" -DCMAKE_PREFIX_PATH="$to/prefix-$2"
  quiet cmake --build "$to/$1/build"
  cp "$to/$1/build/classify" "$to/$1/"
}
way find OFF shoal::device device
way find_all ON "shoal::agent shoal::storage shoal::link" \
  "device storage link crypto agent"

project subdirectory "add_subdirectory($source/device shoal)" shoal::device
configure -S "$to/subdirectory" -B "$to/subdirectory/build" -DSHOAL_CIPHERS=OFF
quiet cmake --build "$to/subdirectory/build" --target classify
cp "$to/subdirectory/build/classify" "$to/subdirectory/"

# A C compiler and the C library do; all of the package's options are its own.
packages() {  # name, prefix, packages
  mkdir -p "$to/$1"
  # shellcheck disable=SC2086
  flags=$(PKG_CONFIG_PATH="$to/prefix-$2/lib/pkgconfig" pkg-config \
    --cflags --libs $3)
  # shellcheck disable=SC2086
  quiet cc "$source/examples/classify.c" $flags -o "$to/$1/classify"
}
packages pkg_config OFF shoal
packages pkg_config_with_mbedtls ON shoal
packages pkg_config_all ON "shoal shoal-storage shoal-link shoal-crypto"

fails() {  # what must not work
  if "${@:2}" > "$to/log" 2>&1; then
    echo "$1" >&2
    exit 1
  fi
}
# A mapped program links neither storage nor link nor Mbed TLS.
lacks() {  # way
  if nm "$to/$1/classify" | grep -E 'mbedtls|shoal4Link|SpillArea|NodeStorage'
  then
    echo "$1: links what a mapped program does not need" >&2
    exit 1
  fi
}
for name in find subdirectory pkg_config pkg_config_with_mbedtls; do
  lacks $name
done
for name in find_all pkg_config_all; do
  if ! nm -C "$to/$name/classify" | grep 'shoal::NodeStorage::' > /dev/null; then
    echo "$name: storage was asked for and is not linked" >&2
    exit 1
  fi
done
# Components and versions that are not there are not found.
project nothing "find_package(shoal 0.1 REQUIRED COMPONENTS crypto)" shoal::crypto
fails "a component that was not built is found" cmake -G Ninja \
  -S "$to/nothing" -B "$to/nothing/build" -DCMAKE_PREFIX_PATH="$to/prefix-OFF"
project later "find_package(shoal 0.2 REQUIRED COMPONENTS device)" shoal::device
fails "another version is found" cmake -G Ninja \
  -S "$to/later" -B "$to/later/build" -DCMAKE_PREFIX_PATH="$to/prefix-OFF"
echo "package ok"
