#!/usr/bin/env bash
# The bytes of a Cortex-M4's flash that shoal takes, for a program that is
# mapped and has no peers: .text and .rodata of its objects at -Os, without the
# C library and the image, linked with a table that names the program's kinds of
# actors (design/device.md): for programs that are part of the firmware, as in
# exports without slots (built-in, also for two networks that take turns); for
# programs that come from outside; and the latter without the quick way of plain
# actors (small). Fails if a row is over its limit.
#   tools/flash_sizes.sh DIR     exit 77 without arm-none-eabi-g++
#   tools/flash_sizes.sh DIR kernels
# The second form: of the MobileNet-class program the kernels alone, at -O2 as
# boards have them, for each family of Cortex-M and for RV32 (if its compiler is
# there). They know of no plain actors.
set -euo pipefail
to=${1:?usage: tools/flash_sizes.sh DIR [kernels]}
source=$(cd "$(dirname "$0")/.." && pwd)
command -v arm-none-eabi-g++ > /dev/null || { echo "no arm-none-eabi-g++"; exit 77; }
prefix=arm-none-eabi- last=(-specs=nano.specs)
common=(-Os -std=gnu++17 -fno-exceptions -fno-rtti
  -ffunction-sections -fdata-sections -fno-threadsafe-statics
  -fno-unwind-tables -fno-asynchronous-unwind-tables
  -DSHOAL_WITHOUT_MBEDTLS "-I$source")
flags=(-mcpu=cortex-m4 -mthumb "${common[@]}")
small=-DSHOAL_WITHOUT_PLAIN
rm -rf "$to"
mkdir -p "$to"
cd "$to"

cat > main.cc <<'END'
#include "device/shoal.h"
alignas(16) static uint8_t arena[16];
alignas(16) extern const uint8_t image[16] = {1};
static shoal_node node;
int8_t rows[64];
int main() {
  shoal_config config{};
  config.image = image, config.image_bytes = sizeof image;
  shoal_status s = shoal_open(&node, &config, arena, sizeof arena);
  if (s < 0) return shoal_last_fault(&node).check;
  uint32_t sent = 0;
  const shoal_io_info in = shoal_input_info(&node, 0);
  while (s >= 0 && !shoal_take_rows(&node, 0, rows, 1)) {
    sent += shoal_push_rows(&node, 0, rows, in.rows - sent);
    s = shoal_step(&node);
  }
  return s;
}
END
# The same for two networks that take turns in one arena.
sed -e 's/static shoal_node node;/static shoal_node node, other;/' \
  -e 's/^  uint32_t sent = 0;/  s = shoal_open(\&other, \&config, arena, sizeof arena);\n&/' \
  -e 's/^  return s;/  return shoal_restart(\&other);/' main.cc > two.cc
table() {  # name, kinds of actors
  local kinds
  kinds=$(printf 'shoal::OpCode::%s, ' "${@:2}")
  kinds="shoal::modules_for<${kinds%, }>()"
  write_table "$1" "$kinds"
  write_table "$1-built-in" "shoal::built_in($kinds)"
}
write_table() {  # name, value
  printf '#include "device/runtime/modules.h"\n%s = %s;\n' \
    'const shoal::Modules shoal::modules' "$2" > "$1.cc"
}
table mobilenet kConv kDepthwise kAdd kAveragePool kReduceSum kSoftmax \
  kReshape kMove
table hello kConv kReshape

# Two at a time; fails where one of them does.
compile() {  # name, folders, more flags
  local folder file size
  for folder in $2; do
    for file in "$source/device/$folder"/*.cc; do
      [[ $file == *_test.cc || $file == */x86_* ]] && continue
      [[ $1 != cortex-m55 && $file == */mve_* ]] && continue
      [[ $1 =~ ^(portable|cortex-m0plus|cortex-m3|rv32imac)$ &&
        $file == */dsp_* ]] && continue
      size=
      [[ $file == */softmax.cc ]] && size=-Os  # as in boards/firmware
      echo "$size -c \"$file\" -o $1-$folder-$(basename "$file" .cc).o"
    done
  done | xargs -P 2 -L 1 "$prefix"g++ "${flags[@]}" "${@:3}"
}
pack() {  # library, names
  local name
  for name in "${@:2}"; do "$prefix"ar rcs "lib$1.a" "$name"-*.o; done
}

over=0
main=main.cc
row() {  # program, family, most flash
  "$prefix"g++ "${flags[@]}" "${@:4}" "$main" "$1.cc" -nostartfiles \
    -Wl,-e,main,--gc-sections,-Map="$1-$2.map" -L. -l"$2" "${last[@]}" -o "$1-$2.elf" 2> log ||
    { cat log >&2; exit 1; }
  local flash ram
  flash=$(sum "$1-$2.map" '\.(text|rodata)' "$2.a")
  ram=$(sum "$1-$2.map" '\.(data|bss)' "$2.a")
  printf '%-22s %-14s %7d B flash %5d B static RAM beside node and arena\n' \
    "$1$([[ $main == main.cc ]] || echo -two)" "$2" "$flash" "$ram"
  if ((flash > $3)); then
    echo "$1 with $2 kernels: over $3 B" >&2
    over=1
  fi
}
sum() {  # map, sections, library
  python3 - "$@" <<'END'
import re, sys
text = open(sys.argv[1]).read().split('Linker script and memory map')[1]
found = re.findall(r'^ (%s\S*)\s+0x(\w+)\s+0x(\w+) (\S+)' % sys.argv[2].replace(
    '(', '(?:'), text, re.M)
print(sum(int(size, 16) for _, at, size, file in found
          if int(at, 16) and f'lib{sys.argv[3]}' in file))
END
}
if [[ ${2:-} == kernels ]]; then
  # All else knows no core: that for the smallest does for all of ARM. It asks
  # for kernels and is not counted, so that it is little optimized.
  kernels() {  # core, most flash, more flags
    local more=(-O2 "${@:3}") flash
    compile "$1" kernels "${more[@]}"
    pack "$1" "$1" "$rest"
    row mobilenet "$1" 1000000 "${more[@]}" > /dev/null
    flash=$(sum "mobilenet-$1.map" '\.(text|rodata)' "$1.a($1-kernels")
    printf '%-15s %6d B of kernels\n' "$1" "$flash"
    ((flash <= $2)) || { echo "$1: over $2 B" >&2; over=1; }
  }
  rest=arm
  compile arm 'base program runtime' -O0 -mcpu=cortex-m0plus
  for core in cortex-m0plus cortex-m3 cortex-m4; do
    kernels $core 16384 -mcpu=$core
  done
  # Those for Helium have loops of their own for results that round once.
  kernels cortex-m55 17408 -mcpu=cortex-m55 -mfloat-abi=hard \
    -Wl,--no-warn-mismatch  # of its floating-point registers
  if command -v riscv64-unknown-elf-g++ > /dev/null; then
    # This replaces the missing C++ library: cmake/riscv64-unknown-elf.cmake.
    headers=(/usr/include/newlib/c++/12.*)
    prefix=riscv64-unknown-elf- last=(-nostdlib -lc -lgcc)
    flags=("${common[@]}" -specs=picolibc.specs -isystem "${headers[0]}"
      -isystem "${headers[0]}/arm-none-eabi")
    core=(-march=rv32imac -misa-spec=2.2 -mabi=ilp32)
    rest=riscv
    compile riscv 'base program runtime' -O1 "${core[@]}"
    kernels rv32imac 16384 "${core[@]}"
  fi
  exit $over
fi
compile portable 'base kernels' -DSHOAL_WITHOUT_DSP_KERNELS
compile dsp 'base kernels'
compile whole 'program runtime'
compile small 'program runtime' "$small"
for family in portable dsp; do
  pack $family $family whole
  pack $family-small $family small
done
row mobilenet-built-in portable 25600
row mobilenet-built-in dsp 30720
row hello-built-in portable 18432
row hello-built-in dsp 22016
main=two.cc row mobilenet-built-in portable 25564
main=two.cc row mobilenet-built-in dsp 30877
# Checks of 16-bit elements and of LSTM brought 0.7 KB to programs without them.
row mobilenet portable 35584
row mobilenet dsp 40704
row hello portable 27648
row hello dsp 31488
row mobilenet portable-small 33536 "$small"
row mobilenet dsp-small 38656 "$small"
row hello portable-small 25600 "$small"
row hello dsp-small 29440 "$small"
exit $over
