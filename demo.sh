#!/usr/bin/env bash
# Builds shoal and shows what it is for. MobileNetV2 runs on Teensy 4.1 boards
# in virtual time; a bundled classifier runs on eight processes that talk over
# UDP. Installs what it needs; works on a bare Debian 12. Prints the result, and
# writes it as the page build/plain/demo.html.
#   ./demo.sh            RAM=32K ./demo.sh for larger processes
set -euo pipefail
cd "$(dirname "$0")"
tools/setup.sh
. tools/start_workers.sh

build=build/plain
echo "building shoal (a few minutes on two cores, the first time) ..." >&2
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DBUILD_TESTING=OFF -DSHOAL_BUNDLE=ON >/dev/null
quiet=--quiet
[[ ! -t 1 ]] || quiet=  # a terminal shows how far it is
ninja -C "$build" $quiet shoal
shoal=$build/host/cli/shoal
model=models/fashion_mobilenet_v2.tflite
labels=models/fashion_labels.txt
ram=${RAM:-16K}
nodes=8

work=$(mktemp -d)
large=
finish() {
  [[ -z $large ]] || kill "$large" 2>/dev/null || true
  stop_workers
  rm -rf "$work"
}
trap finish EXIT

# MobileNetV2 is planned beside all else.
run_large() {
  local board=(simulate zoo:mobilenet_v2 random:1 --board teensy41 --json)
  "$shoal" inspect zoo:mobilenet_v2 --json >"$work/mobilenet.json"
  "$shoal" "${board[@]}" >"$work/board.json"
  "$shoal" "${board[@]}" --ram 64K --nodes 8 >"$work/boards.json"
}
run_large &
large=$!

ninja -C "$build" $quiet show_demo
echo
echo "\$ shoal plan $model --nodes $nodes --ram $ram"
plan=(plan "$model" --nodes "$nodes" --ram "$ram")
"$shoal" "${plan[@]}" -o "$work/plan.json" | sed -n "1,$((nodes + 2))p"
"$shoal" plan "$model" --objective ram --json >"$work/single.json"
"$shoal" inspect "$model" --json >"$work/inspect.json"

"$shoal" keygen -o "$work/key" >/dev/null
start_workers "$shoal" "$nodes" "$ram" "$work" --key "$work/key"
echo
echo "$nodes workers of $ram on ${addresses[*]}"
echo
pictures=(models/samples/*/*.png)
run=(run "$model" "${pictures[@]}" --labels "$labels" --top 10 --json)
"$shoal" "${run[@]}" --workers "$(IFS=,; echo "${addresses[*]}")" \
  --key "$work/key" --plan "$work/plan.json" >"$work/many.json"
"$shoal" "${run[@]}" >"$work/one.json"
wait "$large"
large=
"$build"/tools/demo/show_demo "$work" "$build/demo.html" "${pictures[@]}"
echo "as a page: $build/demo.html"
echo "the tool: $shoal"
