// One node alone in virtual time: the real node, stepped through the C API,
// its slices charged by its board, its storage working beside it. Rows are
// pushed as soon as there is room and taken as soon as they are made.
//
//   SoloNode node(prepared, board);
//   std::vector<uint8_t> out = node.run(input);   // as often as you like
//   node.last().seconds, node.last().waits ...
//
// Times are modelled. A node that has nothing to do jumps to the end of the
// request under way; one that is busy asks its storage after every slice, as
// a board's loop does.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "host/engine/common/arena.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/tap.h"
#include "host/engine/virtual/cost.h"
#include "host/engine/virtual/energy.h"
#include "host/engine/virtual/virtual_storage.h"

namespace shoal {

struct SoloOptions {
  const uint8_t* key = nullptr;  // of the node; null: it is not sealed
  StorageFault fault{.count = 0};
  Tap tap = {};
};

// Of one frame.
struct SoloFrame {
  double seconds = 0;
  SliceCost work;      // sums of its slices
  double check_s = 0;  // of what came from storage; decryption if it is sealed
  double wait_s = 0;   // of these, `seconds`, nothing to do
  uint64_t waits = 0;
  StorageCounters storage;
  double storage_s() const { return static_cast<double>(storage.busy) * 1e-9; }
  FrameLoad load() const;
};

class SoloNode {
 public:
  // Node 0 of a plan that is not linked; no images are needed. All references
  // must outlive the node.
  // Throws Error(kCorrupt) if the program is refused.
  SoloNode(const Prepared&, const Board&, const SoloOptions& = {});

  // One frame, as NodeRunner::run(). Throws Error(kCorrupt) naming the layer if
  // what comes from storage is not what it should be.
  std::vector<uint8_t> run(std::span<const uint8_t> input);
  // The next frame finds the variables' initial values.
  void reset_variables();
  const SoloFrame& last() const { return last_; }
  // Loading and checking the program, and what is kept in SRAM.
  const SoloFrame& loading() const { return loading_; }
  // Of the blocks that it spills to, the ledger's too: the most erasures of
  // one since the node began. 0: it spills nothing.
  uint32_t most_erases() const;
  VirtualStorage& storage() { return storage_; }

 private:
  // The image, and behind it where the node spills.
  std::vector<uint8_t> store() const;
  int step();
  void wait();
  void charge();
  void charge_checks();
  void begin(SoloFrame&);
  void end(SoloFrame&);
  void check(int status) const;

  const Prepared& prepared_;
  const Board& board_;
  const SoloOptions options_;
  const Storage& profile_;  // the plan's; if it has none, the board's first
  const std::vector<uint8_t> image_;
  std::optional<shoal_spill_area> spill_area_;
  NodeCost cost_;
  Nanos now_ = 0;
  VirtualStorage storage_;
  std::vector<uint8_t> mapped_;  // the program part; the rest by request only
  Arena arena_;
  std::array<uint8_t, 16> salt_{};  // of this start
  shoal_node node_{};
  SoloFrame* frame_ = nullptr;  // under way
  uint64_t checked_bytes_ = 0;
  SoloFrame loading_, last_;
  Nanos begun_ = 0;
  StorageCounters before_;  // when it began
};

// What the net would take on a board with room for all of it in SRAM: every
// layer in one firing, no weight waited for.
double unlimited_seconds(const Net&, const Board&);

}  // namespace shoal
