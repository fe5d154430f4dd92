// A node of the simulation behind a port: its own fenced arena and banks, its
// storage, and what runs its program. Nothing is shared with anybody but what
// datagrams bring. This is the one place where a node's work becomes virtual
// time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/shoal.h"
#include "host/board/board.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/firing_observer.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/cost.h"
#include "host/engine/virtual/virtual_storage.h"
#include "host/world/world.h"

namespace shoal {

class FrameQueue;
class ProgramRunner;

// The frames of a program that is not linked: no node sends it rows, so it asks
// for frames itself and pushes and takes their rows as soon as there is room.
struct UnlinkedFrames {
  const Prepared& prepared;  // node 0 of its plan
  FrameQueue& queue;
  std::function<void()> begins = {};  // before each
};

struct VirtualNodeOptions {
  std::string name, board;
  uint32_t arena_bytes = 0;
  std::vector<uint32_t> bank_bytes = {};  // besides the arena's
  uint64_t seed = 1;                      // of its entropy
  // The contents of its storage, at the offsets of the program's image; empty:
  // it has none.
  std::vector<uint8_t> store = {};
  Storage storage = {};
  StorageFault fault{.count = 0};
  std::optional<std::array<uint8_t, 32>> store_key = {};
  // Checking what came from storage takes the core so long.
  double check_cycles_per_byte = 0, clock_hz = 1;
  FiringObserver observer = {};

  // Without these an agent waits for its program.
  std::optional<UnlinkedFrames> unlinked = {};
  std::optional<shoal_spill_area> spill_area = {};

  // Settings of the agent.
  uint32_t program_capacity = 0;
  bool keeps_programs = false;  // as many as it has room for, not the last one
  uint16_t max_peers = 0;
  bool insecure = false;
  std::array<uint8_t, 32> key{};
  std::array<uint8_t, 16> store_id{};
};

// The work of a node since its counts began.
struct NodeCounts {
  SliceCost slices;
  double check_s = 0;  // of what came from storage; decryption if it is sealed
  double wait_s = 0;   // nothing to do
  uint64_t waits = 0;
  StorageCounters storage;
  double storage_s() const { return static_cast<double>(storage.busy) * 1e-9; }
};

class VirtualNode : public Endpoint {
 public:
  // `cost` may be null: work takes no time but the port's step. Throws
  // Error(kInternal) if an agent refuses to start, Error(kCorrupt) if a program
  // is refused.
  VirtualNode(Port&, VirtualNodeOptions, const NodeCost* cost);
  ~VirtualNode() override;

  bool step() override;
  uint64_t next_timer_us() const override;
  Nanos ready_at() const override;
  void settle() override;

  // Returns the device's; null before it has a program.
  const shoal_node* node() const;
  // Sets the cost of a program that comes now; it must outlive its use.
  void set_cost(const NodeCost*);
  bool arena_intact() const;
  shoal_link_counters link() const;
  // Null: it has none.
  VirtualStorage* storage() { return storage_ ? &*storage_ : nullptr; }
  NodeCounts counts() const;
  void restart_counts();

 private:
  void charge_checks(const shoal_node&);
  void charge_slice(const shoal_node&);

  Port& port_;
  const NodeCost* cost_;
  VirtualNodeOptions options_;
  Arena arena_;
  std::vector<std::unique_ptr<Arena>> banks_;
  std::vector<shoal_bank> bank_table_;
  std::optional<VirtualStorage> storage_;
  std::unique_ptr<ProgramRunner> runner_;
  shoal_work charged_{};  // the last slice that was paid for
  uint32_t charged_frame_ = UINT32_MAX;
  uint64_t checked_bytes_ = 0;
  std::optional<Nanos> idle_since_;
  NodeCounts counts_;  // except for `storage`
  StorageCounters storage_before_;
};

}  // namespace shoal
