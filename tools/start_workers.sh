# For scripts to source: worker processes on this computer, on ports that the
# system chooses.
#   start_workers SHOAL COUNT RAM FOLDER --key FILE | --insecure
# sets `pids` and `addresses`; FOLDER gets what they print. `stop_workers` ends
# them and no others.
pids=()
addresses=()

start_workers() {
  local shoal=$1 count=$2 ram=$3 folder=$4 i
  shift 4
  for ((i = 0; i < count; ++i)); do
    "$shoal" worker --listen 127.0.0.1:0 --ram "$ram" --name "node$i" "$@" \
      >"$folder/$i.out" 2>"$folder/$i.err" &
    pids+=($!)
  done
  for ((i = 0; i < count; ++i)); do
    until grep -q '^listening on ' "$folder/$i.out"; do
      kill -0 "${pids[i]}" 2>/dev/null || { cat "$folder/$i.err" >&2; exit 1; }
      sleep 0.05
    done
    addresses+=("$(sed -n 's/^listening on //p' "$folder/$i.out")")
  done
}

stop_workers() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
}
