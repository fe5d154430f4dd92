// Activations through storage, the last resort: a tensor leaves the stage that
// makes it row by row and comes back row by row in each later stage that reads
// it. So it never lies whole in the arena, and takes no memory in between.
//
// A spill is planned by giving the net another tensor for what is read back:
// SpillNet cuts the readers of a tensor off, and everything else (uses, rings,
// cuts) sees two tensors that never meet in a stage. Afterwards the copies
// become buffers of the one tensor again.
#pragma once

#include <cstdint>
#include <vector>

#include "host/board/board.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

// Readers of the tensor from this position on, up to the next cut, read it back
// from storage. It is completely written before.
struct SpillCut {
  int tensor = -1;
  int position = 0;
  auto operator<=>(const SpillCut&) const = default;
};

class SpillNet {
 public:
  // Copies the net. `page_bytes`: an erase block of the storage.
  SpillNet(const Net&, int64_t page_bytes);

  // Replaces the cuts; those without a reader behind them are left out.
  void set(std::vector<SpillCut>);
  const std::vector<SpillCut>& cuts() const { return cuts_; }

  const Net& net() const { return net_; }
  const Spilling& spilling() const { return spilling_; }
  // Returns the tensor of the given net that this one is, or is a copy of.
  int original(int tensor) const;
  // Returns the bytes of whole pages that a frame writes.
  int64_t written_bytes() const;
  // Returns the bytes written for one tensor of the given net.
  int64_t written_bytes(int tensor) const;
  // Turns the tensors of a node that was planned for net() into those of the
  // given net.
  void restore(PlanNode&) const;

 private:
  struct Reader {
    int layer, operand;
  };
  Net net_;
  int tensors_;  // of the given net
  std::vector<std::vector<Reader>> readers_;
  std::vector<int> last_write_;
  std::vector<bool> kept_;  // of a variable, which stays in the arena
  std::vector<SpillCut> cuts_;
  Spilling spilling_;
};

// Returns the pages of a box of `bytes` bytes.
int spill_pages(int64_t bytes, int64_t page_bytes);
// Numbers the pages of a node whose stages are made from these uses.
void number_pages(const Net&, const std::vector<TensorUses>&, PlanNode&);
// Returns the bytes of the state of all spills; 0: there are none.
uint32_t spill_state(const Net&, const std::vector<TensorUses>&);

// Adds what a frame's spills take to the numbers of stages, nodes and plan.
void add_spill_numbers(const Board&, const Storage&, Plan&);

}  // namespace shoal
