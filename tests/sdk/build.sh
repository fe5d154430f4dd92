#!/usr/bin/env bash
# Builds an exported project of an SDK for this computer, with stand-ins for the
# SDK, in the current folder:
#   build.sh LIBRARY APPLICATION "STAND-INS" "FLAGS"
# LIBRARY and APPLICATION are folders of it; the program is ./board.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
compile="g++ -w -ffunction-sections -fdata-sections"
if command -v ccache >/dev/null; then compile="ccache $compile"; fi
ours="$compile -std=gnu++17 -DSHOAL_WITHOUT_X86_KERNELS $4 -fno-exceptions -fno-rtti"
mkdir -p made
ln -sfn "$1" runtime
# The same names in all projects, so that ccache knows them.
for file in $(find -L runtime/src/device -name '*.cpp' -printf '%P\n' | sort); do
  echo "$ours -Iruntime/src -I../sdk -c runtime/src/device/$file -o made/${file//\//_}.o"
done >made/commands
number=0
for file in "$2"/*.cpp "$2"/*.ino "$2"/*.c "$2"/*.S; do
  [[ -e $file ]] || continue
  case $file in
    *.ino) one="$ours -x c++" ;;
    *.cpp) one=$ours ;;
    *) one="gcc -I$2" ;;
  esac
  number=$((number + 1))
  echo "$one -I../sdk -Iruntime/src -I$2 -c $file -o made/app$number.o"
done >>made/commands
for name in $3; do
  echo "$compile -std=gnu++17 -I../sdk -c $here/$name.cc -o made/sdk_$name.o"
done >>made/commands
echo "$compile -std=gnu++17 -c $here/host.cc -o made/host.o" >>made/commands
xargs -P 2 -d '\n' -n 1 bash -c <made/commands
g++ -Wl,--gc-sections made/*.o -o board -lpthread
