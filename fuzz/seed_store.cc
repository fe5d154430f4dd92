// Writes the seed corpus of fuzz_store: seed_store DIR.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "device/storage/directory.h"
#include "device/storage/testing/spill_bench.h"
#include "host/base/error.h"
#include "host/base/files.h"

namespace {

using namespace shoal;

std::vector<uint8_t> directory() {
  Directory d{};
  d.magic = kDirectoryMagic;
  d.version = kDirectoryVersion;
  d.nodes = 1;
  std::memcpy(d.board, "emcraft-sf2", 11);
  d.program = 4096, d.image_bytes = 5000;
  d.input = 9104, d.input_bytes = 300, d.frames = 2;
  d.spill = 3 * 4096, d.spill_bytes = 4 * 4096;
  d.spill_erase_bytes = 4096, d.spill_write_bytes = 256;
  d.total_bytes = 7 * 4096;
  seal_directory(d);
  std::vector<uint8_t> bytes(1 + sizeof d, 3);
  std::memcpy(&bytes[1], &d, sizeof d);
  return bytes;
}

std::vector<uint8_t> ledger(uint32_t frames, uint8_t flags) {
  SpillBench bench({}, nullptr);
  if (bench.start() != Status::kOk) return {};
  for (uint32_t f = 0; f < frames; ++f) {
    if (bench.frame(f) != Status::kOk) return {};
  }
  std::vector<uint8_t> bytes{flags};
  const auto from = bench.flash.bytes().begin() + 1024;
  bytes.insert(bytes.end(), from, from + kLedgerBlocks * 1024);
  return bytes;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  write_file(folder + "/directory", directory());
  write_file(folder + "/first", ledger(0, 2));
  write_file(folder + "/turned", ledger(6, 2));
  write_file(folder + "/cut", ledger(9, 2 | 4 | 5 << 3));
  return 0;
} catch (const shoal::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
