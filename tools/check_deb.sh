#!/usr/bin/env bash
# A Debian package of tools/package.sh, unpacked into an empty folder: with no
# variable but PATH the tool runs the bundled model and emulates a board, and a
# program is built with the libraries. Needs what the package depends on.
#   tools/check_deb.sh DEB DIR   leaves DIR/root
set -euo pipefail
usage="usage: tools/check_deb.sh DEB DIR"
deb=${1:?$usage} to=${2:?$usage}
source=$(cd "$(dirname "$0")/.." && pwd)
rm -rf "$to"
mkdir -p "$to/work"
dpkg-deb -x "$deb" "$to/root"
to=$(cd "$to" && pwd)
usr=$to/root/usr share=$to/root/usr/share
quiet() { "$@" > "$to/log" 2>&1 || { cat "$to/log" >&2; return 1; }; }
fails() {
  echo "check_deb: $1" >&2
  exit 1
}
if grep -rlsI "$source" "$usr/lib" "$share"; then
  fails "the package names the tree that it was made from"
fi
for page in shoal shoal-run shoal-export; do
  [[ -s $share/man/man1/$page.1 ]] || fails "no manual page $page"
done
cd "$to/work"
shoal() { env -i PATH="$PATH" HOME="$to/work" "$usr/bin/shoal" "$@"; }
model=$share/shoal/models/fashion_mobilenet_v2.tflite
bag=$share/shoal/models/samples/bag/0.png
shoal run "$model" "$bag" --labels "$share/shoal/models/fashion_labels.txt" \
  --ram 32K -o run.bin | grep -q "bag$" || fails "a bag is no bag"
shoal simulate "$model" "$bag" --board teensy41 --nodes 4 > simulated
if command -v qemu-system-arm > /dev/null; then
  shoal emulate "$model" "$bag" --board mps2-an500 -o board.bin > emulated
  cmp run.bin board.bin
fi
cp "$source/examples/classify.c" .
cat > CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.25)
project(stranger LANGUAGES C CXX)
find_package(shoal 0.1 REQUIRED COMPONENTS device)
add_executable(classify classify.c)
target_link_libraries(classify PRIVATE shoal::device)
END
quiet cmake -S . -B build -DCMAKE_PREFIX_PATH="$usr"
quiet cmake --build build
shoal build "$model" --no-encrypt --store store > built
{ printf 'P5\n96 96\n255\n'; head -c 9216 "$model"; } > picture.pgm
class=$(shoal run "$model" picture.pgm --top 1 | awk 'NR == 1 {print $3}')
./build/classify store/node0.program picture.pgm | grep -q "^class $class," ||
  fails "the library's class is another one"
echo "package ok"
