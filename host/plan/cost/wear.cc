#include "host/plan/cost/wear.h"

#include <fmt/format.h>

#include <algorithm>

#include "device/storage/ledger.h"
#include "host/base/error.h"
#include "host/plan/types/beyond.h"

namespace shoal {
namespace {

constexpr double kSecondsOfYear = 365.25 * 24 * 3600;

int64_t round_up(int64_t value, int64_t to) {
  return (value + to - 1) / to * to;
}

// Returns the first byte of the spill area, behind the block of the directory
// and the image.
int64_t area_begin(int64_t image_bytes, int64_t page_bytes) {
  return page_bytes + round_up(image_bytes, page_bytes);
}

int64_t image_bytes(const PlanNode& node) {
  return std::max<int64_t>(node.program_bytes, node.flash_weight_bytes) +
         node.sram_weight_bytes + node.tape_bytes;
}

// Returns the average bytes that a frame writes, to pages and to the ledger.
double written_bytes(const Storage& s, int64_t page, int pages, int64_t ring) {
  const int64_t entry =
      ledger_entry_bytes(static_cast<uint32_t>(s.write_bytes));
  const int64_t entries = std::max<int64_t>(1, page / entry);
  const int64_t even = (ring - 1) / (kLedgerBlocks * entries) + 1;
  const auto run = static_cast<double>(std::max<int64_t>(even, pages));
  return pages * (static_cast<double>(page) + static_cast<double>(entry) / run);
}

// Returns the blocks of the ring, without those of the ledger.
int64_t ring_blocks(const Storage& s, int64_t page, int pages,
                    int64_t image_bytes) {
  return spill_area_bytes(s, page, pages, area_begin(image_bytes, page)) /
             page -
         kLedgerBlocks;
}

}  // namespace

const Storage* named_storage(const PlanNode& node) {
  if (node.storage.empty()) return nullptr;
  try {
    return &find_storage(find_board(node.board), node.storage);
  } catch (const Error&) {
    return nullptr;  // a board of a test
  }
}

int64_t spill_area_bytes(const Storage& s, int64_t page_bytes, int pages,
                         int64_t begin) {
  constexpr int64_t kFrames = 4, kSpare = 32;
  const int64_t room = (s.capacity_bytes - begin) / page_bytes;
  const int64_t enough = kLedgerBlocks + kFrames * pages + kSpare;
  const int64_t least = kLedgerBlocks + pages + 1;
  const int64_t blocks =
      std::max(least, s.endurance_erases > 0 ? room : std::min(room, enough));
  return blocks * page_bytes;
}

double frames_of_life(const PlanNode& node, const Storage& s) {
  if (node.spill_pages == 0) return kFar;
  const int64_t ring = ring_blocks(s, node.spill_page_bytes, node.spill_pages,
                                   image_bytes(node));
  double frames = kFar;
  if (s.endurance_erases > 0) {
    // The ledger's blocks wear no faster than the ring's.
    frames = s.endurance_erases * static_cast<double>(ring) / node.spill_pages;
  }
  if (s.endurance_bytes > 0) {
    frames = std::min(
        frames, s.endurance_bytes / written_bytes(s, node.spill_page_bytes,
                                                  node.spill_pages, ring));
  }
  return frames;
}

double years_of_life(const PlanNode& node, const Storage& s,
                     double frames_per_second) {
  if (frames_per_second <= 0) return kFar;
  return frames_of_life(node, s) / frames_per_second / kSecondsOfYear;
}

std::string life_text(const PlanNode& node, int together) {
  const Storage* const storage = named_storage(node);
  const double years =
      storage ? years_of_life(node, *storage, 1.0 / together) : kFar;
  if (std::isinf(years)) return "does not wear out";
  return fmt::format("{:.3g} years of life at 1 frame a second", years);
}

int64_t writes_for_life(const Storage& s, int64_t image_bytes, double years,
                        double frames_per_second) {
  const double frames = years * kSecondsOfYear * frames_per_second;
  const int64_t page = s.erase_bytes;
  // The pages of the storage. A storage that wears only as a whole is limited
  // by its capacity alone.
  int64_t pages =
      (s.capacity_bytes - area_begin(image_bytes, page)) / page - kLedgerBlocks;
  pages = std::clamp<int64_t>(pages, 0, kMostSpillPages);
  if (pages == 0 || frames <= 0) return pages * page;
  const auto lives = [&](int64_t n) {
    PlanNode node;
    node.spill_pages = static_cast<int>(n);
    node.spill_page_bytes = static_cast<uint32_t>(page);
    node.tape_bytes = image_bytes;
    return years_of_life(node, s, frames_per_second) >= years;
  };
  int64_t most = 0, least_too_many = pages + 1;
  while (least_too_many - most > 1) {
    const int64_t middle = (most + least_too_many) / 2;
    (lives(middle) ? most : least_too_many) = middle;
  }
  return most * page;
}

}  // namespace shoal
