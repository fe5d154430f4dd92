// A node of the simulation: a real agent with its own fenced arena, program
// memory, peers and packets, behind a port. Nothing is shared with anybody but
// what datagrams bring.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "device/agent/agent.h"
#include "host/engine/common/arena.h"
#include "host/engine/common/tap.h"
#include "host/engine/virtual/cost.h"
#include "host/engine/virtual/virtual_storage.h"
#include "host/world/world.h"

namespace shoal {

struct VirtualNodeOptions {
  std::string name, board;
  uint32_t arena_bytes = 0;
  uint32_t program_capacity = 0;
  uint16_t max_peers = 0;
  bool insecure = false;
  uint8_t key[kKeyBytes] = {};
  uint64_t seed = 1;  // of its entropy
  // What its storage holds, at the offsets of the program's image; empty: it
  // has none. `checking` seconds a byte are the core's.
  std::vector<uint8_t> store;
  Storage storage;
  std::array<uint8_t, 16> store_id{};
  std::optional<std::array<uint8_t, kKeyBytes>> store_key;
  double checking = 0;
  Tap tap;
};

class VirtualNode : public Endpoint {
 public:
  // `cost` may be null: work takes no time but the port's step. Throws
  // Error(kInternal) if the agent refuses.
  VirtualNode(Port&, const VirtualNodeOptions&, const NodeCost* cost);

  bool step() override;
  uint64_t next_timer_us() const override;
  void settle() override;

  const NodeAgent& agent() const { return agent_; }
  bool arena_intact() const { return arena_.intact(); }
  shoal_link_counters counters() const;
  // What its slices have done so far.
  const SliceCost& work() const { return work_; }
  StorageCounters storage() const;

 private:
  static int entropy(void* self, void* out, uint32_t bytes);
  void charge_checks();
  struct Block {
    alignas(16) uint8_t bytes[16];
  };

  Port& port_;
  const NodeCost* cost_;
  const VirtualNodeOptions options_;
  Arena arena_;
  std::vector<Block> program_;
  std::vector<shoal_peer> peers_;
  std::vector<Block> packets_[3];
  std::mt19937_64 random_;
  std::optional<VirtualStorage> storage_;
  NodeAgent agent_;
  shoal_work charged_{};  // the last slice that was paid for
  uint32_t charged_frame_ = UINT32_MAX;
  SliceCost work_;
  uint64_t checked_bytes_ = 0;
};

}  // namespace shoal
