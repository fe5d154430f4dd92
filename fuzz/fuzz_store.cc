// The first bytes of a store: any directory, and any ledger of a spill area. A
// directory that is taken keeps its parts inside the store and apart; a spill
// area opens or refuses with a status, runs frames whose pages are right, and
// keeps to the rules of its storage.
//
// The input is one byte of flags, then bytes of the directory, or of the
// ledger. 1: it is a directory; 2: tags are made right; 4: a frame's power is
// cut in the change that bits 3 to 7 count.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "device/storage/directory.h"
#include "device/storage/testing/spill_bench.h"

namespace {

using namespace shoal;

constexpr uint32_t kBlock = 1024;

void expect(bool ok) {
  if (!ok) __builtin_trap();
}

void try_directory(const uint8_t* data, size_t size, bool sealed) {
  Directory d{}, out;
  const auto there = static_cast<uint32_t>(size < sizeof d ? size : sizeof d);
  std::memcpy(&d, data, there);
  if (sealed) {
    d.magic = kDirectoryMagic;
    d.version = kDirectoryVersion;
    seal_directory(d);
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(&d);
  const uint32_t available = sealed ? sizeof d : there;
  const DirectoryFault fault =
      check_directory(bytes, available, 1 << 24, nullptr, out);
  if (fault != DirectoryFault::kNone) return;
  const uint64_t total = out.total_bytes;
  expect(total <= 1 << 24 && available == sizeof d);
  const uint64_t program = uint64_t{out.program} + out.image_bytes;
  const uint64_t input = uint64_t{out.input} + out.input_bytes;
  const uint64_t spill = uint64_t{out.spill} + out.spill_bytes;
  expect(out.program >= sizeof d && program <= total);
  if (out.input_bytes) {
    expect(out.input >= sizeof d && input <= total);
    expect(program <= out.input || input <= out.program);
  }
  if (out.spill_bytes) {
    expect(out.spill >= program && spill <= total);
    expect(out.input_bytes == 0 || input <= out.spill || spill <= out.input);
    expect(out.spill % out.spill_erase_bytes == 0);
  }
}

void make_tags_right(uint8_t* ledger) {
  for (uint32_t at = 0; at < kLedgerBlocks * kBlock; at += 256) {
    LedgerEntry entry;
    std::memcpy(&entry, ledger + at, sizeof entry);
    if (entry.magic != kLedgerMagic) continue;
    std::memcpy(entry.store_id, SpillBench::kId, sizeof entry.store_id);
    seal_entry(nullptr, SpillBench::kGeneration, entry);
    std::memcpy(ledger + at, &entry, sizeof entry);
  }
}

void try_ledger(const uint8_t* data, size_t size, uint8_t flags) {
  SpillBench bench({}, nullptr);
  uint8_t* ledger = &bench.flash.bytes()[kBlock];
  const size_t most = kLedgerBlocks * kBlock;
  std::memcpy(ledger, data, size < most ? size : most);
  if (flags & 2) make_tags_right(ledger);
  if (flags & 4) bench.flash.cut_at(flags >> 3, 400);
  uint32_t frame = 0;
  for (int starts = 0; starts < 2; ++starts) {
    Status s = bench.start();
    for (int i = 0; s == Status::kOk && i < 2; ++i) s = bench.frame(frame++);
    expect(s == Status::kOk || s == Status::kBadTag ||
           s == Status::kWrongStore || s == Status::kSpillFull ||
           s == Status::kOtherWriter || bench.flash.is_dead());
    bench.flash.power_on();
  }
  expect(bench.wrong == 0 && bench.flash.violations().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  if (data[0] & 1) {
    try_directory(data + 1, size - 1, data[0] & 2);
  } else {
    try_ledger(data + 1, size - 1, data[0]);
  }
  return 0;
}
