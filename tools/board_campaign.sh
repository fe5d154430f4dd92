#!/usr/bin/env bash
# Every reference result on emulated boards: outputs and checksums of all
# layers equal, from the board's real firmware and kernels.
#   tools/board_campaign.sh BUILD SHARED [BOARD...]
# A line a board: cases that are exact, that differ, that the board or shoal
# refuses with its reason (exit code 3, no room, or 4, what is not supported).
# Fails if one differs or ends otherwise, or none is exact. A full run takes
# long; FIRST=1 takes the first case of each model. NODES=2 cuts each over two
# boards of the kind on a network, of which the outputs are compared.
# CORE=cortex-m0plus: with device/ compiled for that core, whose code the board's
# runs, too (BOARD_BENCH_CORE of its board.cmake).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
shared=$(cd "$2" && pwd)
shift 2
boards=("$@")
nodes=${NODES:-1}
if [[ $# -eq 0 ]]; then
  # All that boot, or have a firmware for a network.
  has=BOARD_TOOLCHAIN
  [[ $nodes -eq 1 ]] || has=BOARD_NODE_FIXED_BYTES
  for file in $(grep -l "set($has " "$here"/../boards/*/board.cmake); do
    boards+=("$(basename "$(dirname "$file")")")
  done
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The columns of a table of layers that must agree: operator, tensor, type,
# shape, bytes and checksums.
must() { cut -f 1-3,5,6,9-14 "$1"; }

why() { grep -m 1 '^shoal: ' "$work/said" || head -n 1 "$work/said"; }

# Their cases hold several frames, which `emulate` does not feed.
several=' esphome_hey_jarvis_v2 ops_variables '

# The emulator gets another file.
use_core() {  # board
  local elf=firmware-debug-$CORE.elf emulator
  cmake --build "$build/boards/$1" --target "$elf" -- --quiet >/dev/null
  emulator=$(command -v qemu-system-arm)
  mkdir "$work/bin"
  cat >"$work/bin/qemu-system-arm" <<END
#!/usr/bin/env bash
exec $emulator "\${@/%firmware-debug.elf/$elf}"
END
  chmod +x "$work/bin/qemu-system-arm"
  PATH=$work/bin:$PATH
}
[[ -z ${CORE:-} ]] || use_core "${boards[0]}"

failed=0
for board in "${boards[@]}"; do
  # A traced firing is one message of at most a megabyte: no whole layers.
  plan=(--ram 256K)
  [[ $board == mps* ]] || plan=()
  plan+=(--seconds 800 --trace "$work/layers")
  [[ $nodes -eq 1 ]] || plan=(--nodes "$nodes")
  exact=0 differ=0 refused=0
  for folder in "$shared"/golden/*/ "$shared"/golden_more/*/; do
    name=$(basename "$folder")
    [[ $several != *" $name "* ]] || continue
    model=$(find "$shared/models" "$shared/models_more" \
      -name "$name.tflite" 2>/dev/null | head -n 1)
    [[ -n $model ]] || continue
    for input in "$folder"/*.in.bin; do
      case=${input%.in.bin}
      code=0
      timeout 900 "$build/host/cli/shoal" emulate --board "$board" "${plan[@]}" \
        "$model" "$input" -o "$work/out" >/dev/null 2>"$work/said" || code=$?
      if [[ $code -eq 0 ]] && cmp -s "$work/out" "$case.out.bin" &&
        { [[ $nodes -gt 1 ]] ||
          cmp -s <(must "$work/layers") <(must "$case.layers.tsv"); }; then
        exact=$((exact + 1))
      elif [[ $code -eq 3 || $code -eq 4 ]]; then
        refused=$((refused + 1))
        echo "  $board $name: $(why)"
        break
      else
        differ=$((differ + 1))
        echo "  $board $name $(basename "$case"): exit code $code $(why)"
      fi
      [[ -z ${FIRST:-} ]] || break
    done
  done
  echo "$board: $exact exact, $differ differ, $refused models refused"
  [[ $differ -eq 0 && $exact -gt 0 ]] || failed=1
done
exit $failed
