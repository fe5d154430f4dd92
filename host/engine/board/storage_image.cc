#include "host/engine/board/storage_image.h"

#include <algorithm>
#include <cstring>

#include "device/keys/store_key.h"
#include "device/program/vault.h"
#include "device/storage/ledger.h"
#include "host/base/error.h"
#include "host/engine/common/frame.h"
#include "host/plan/text/does_not_fit.h"

namespace shoal {

std::vector<uint8_t> frame_rows(const Graph& graph, const Net& net,
                                std::span<const uint8_t> input) {
  std::vector<uint8_t> all;
  for (const std::vector<uint8_t>& rows : input_rows(graph, net, input)) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

namespace {

uint64_t round_up(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}

void name_program(std::span<const uint8_t> program, Directory& d) {
  Header h{};
  std::memcpy(&h, program.data(), std::min(program.size(), sizeof h));
  d.node = h.node;
  d.nodes = h.nodes;
  d.generation = h.generation;
  d.generation_high = h.generation_high;
  std::memcpy(d.plan_id, h.plan_id, sizeof d.plan_id);
  std::memcpy(d.store_id, h.store_id, sizeof d.store_id);
  std::memcpy(d.hash, h.hash, sizeof d.hash);
}

LedgerEntry first_entry_of(const Directory& d, const SpillRoom& spill) {
  const uint64_t generation = generation_of(d);
  if (!spill.node_key) return first_entry(nullptr, generation, d.store_id);
  uint8_t key[kStoreKeyBytes];
  derive_store_key(spill.node_key, d.store_id, generation, d.node, key);
  return first_entry(key, generation, d.store_id);
}

template <class T>
void put(std::vector<uint8_t>& image, size_t at, const T& value) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  std::copy(bytes, bytes + sizeof value, image.begin() + ptrdiff_t(at));
}

}  // namespace

std::vector<uint8_t> storage_image(
    const std::string& board, std::span<const uint8_t> program,
    const std::vector<std::vector<uint8_t>>& frames, int64_t storage_bytes,
    const std::optional<SpillRoom>& spill) {
  Directory d{};
  d.magic = kDirectoryMagic;
  d.version = kDirectoryVersion;
  std::memcpy(d.board, board.data(), std::min(board.size(), sizeof d.board));
  name_program(program, d);
  const uint64_t block = spill ? spill->erase_bytes : kAlign;
  const uint64_t begin = round_up(sizeof d, block);
  const uint64_t input = round_up(begin + program.size(), kAlign);
  uint64_t used = input;
  for (const auto& frame : frames) used += frame.size();
  const uint64_t ledger = spill ? round_up(used, block) : 0;
  const uint64_t end = spill ? ledger + block * spill->blocks : used;
  check_storage("all of program, input and spills", static_cast<int64_t>(end),
                "board " + board, storage_bytes);
  d.total_bytes = static_cast<uint32_t>(end);
  d.program = static_cast<uint32_t>(begin);
  d.image_bytes = static_cast<uint32_t>(program.size());
  if (used > input) {
    d.input = static_cast<uint32_t>(input);
    d.input_bytes = static_cast<uint32_t>(used - input);
    d.frames = static_cast<uint32_t>(frames.size());
  }
  if (spill) {
    d.spill = static_cast<uint32_t>(ledger);
    d.spill_bytes = static_cast<uint32_t>(end - ledger);
    d.spill_erase_bytes = spill->erase_bytes;
    d.spill_write_bytes = spill->write_bytes;
  }
  seal_directory(d);

  std::vector<uint8_t> image(spill ? ledger + sizeof(LedgerEntry) : used, 0xFF);
  put(image, 0, d);
  std::copy(program.begin(), program.end(), image.begin() + d.program);
  auto to = image.begin() + ptrdiff_t(input);
  for (const auto& frame : frames) {
    to = std::copy(frame.begin(), frame.end(), to);
  }
  if (spill) put(image, ledger, first_entry_of(d, *spill));
  return image;
}

Directory directory_of(std::span<const uint8_t> image) {
  Directory d;
  if (image.size() < sizeof d) {
    throw Error(Exit::kCorrupt, "the storage image has no directory");
  }
  std::memcpy(&d, image.data(), sizeof d);
  return d;
}

}  // namespace shoal
