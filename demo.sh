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

# The pictures run again and again. When the nodes hold their programs for a
# loss, a worker dies in the middle of them.
mkdir "$work/pictures"
for ((i = 0; i < 50 * ${#pictures[@]}; ++i)); do
  cp "${pictures[i % ${#pictures[@]}]}" "$work/pictures/$i.png"
done
COLUMNS=1000 "$shoal" -v run "$model" "$work/pictures" --output-dir "$work/answers" \
  --workers "$(IFS=,; echo "${addresses[*]}")" --key "$work/key" \
  --strategy spatial --on-loss replan >"$work/loss.out" 2>"$work/loss.err" &
run=$!
sleep 0.1
until grep -q 'nodes hold' "$work/loss.err" || ! kill -0 $run 2>/dev/null; do sleep 0.05; done
sleep 0.3  # by then frames run again
answers() { find "$work/answers" -type f | wc -l; }
disown "${pids[3]}"  # bash need not tell of it
kill -KILL "${pids[3]}"
killed=$(date +%s%N)
until grep -q 'is run again' "$work/loss.err" || ! kill -0 $run 2>/dev/null; do sleep 0.01; done
before=$(answers)
until (($(answers) > before)) || ! kill -0 $run 2>/dev/null; do sleep 0.01; done
took=$((($(date +%s%N) - killed) / 1000000))
wait $run
"$shoal" run "$model" "$work/pictures" --output-dir "$work/alone" >/dev/null
echo
echo "\$ kill -KILL ${pids[3]}   # one of the $nodes workers, in the middle of $i pictures"
diff -r "$work/answers" "$work/alone"
if grep -e '^warning: node' -e 'is run again' "$work/loss.err"; then
  echo "the lost answer came $took ms after the kill; all $i are those of one node, byte for byte"
else
  echo "no frame was under way when it died; all $i answers are those of one node"
fi
echo "as a page: $build/demo.html"
echo "the tool: $shoal"
