// One node on this computer, run through the device's own C API: the arena is
// exactly as large as the plan says, the host only pushes and takes rows. Its
// program and weights come from where NodeSource says.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "device/shoal.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/firing_observer.h"
#include "host/engine/common/frame_flow.h"
#include "host/lower/net.h"
#include "host/model/graph/graph.h"
#include "host/program/store/node_source.h"

namespace shoal {

class NodeRunner {
 public:
  // Opens the program in an arena of `arena_bytes`. All references, and what
  // the source names, must outlive the runner. Throws Error(kCorrupt) naming
  // the record if the program is refused.
  // What cannot be read, or is not what it should be, is named with its layer.
  NodeRunner(const Graph&, const Net&, const NodeSource&, uint32_t arena_bytes,
             FiringObserver observer = {});
  // A whole image in mapped memory.
  NodeRunner(const Graph&, const Net&, std::span<const uint8_t> image,
             uint32_t arena_bytes, FiringObserver observer = {});

  NodeRunner(const NodeRunner&) = delete;
  NodeRunner& operator=(const NodeRunner&) = delete;
  ~NodeRunner();

  // One frame: all inputs one after another in the file's types; returns all
  // outputs likewise. Throws Error(kUsage) if the size is wrong,
  // Error(kInternal) if the node stops or writes outside its arena.
  std::vector<uint8_t> run(std::span<const uint8_t> input);

  // Variables that the program keeps from frame to frame; the next frame finds
  // their initial values.
  bool keeps_variables() const { return shoal_variables(&node_) > 0; }
  void reset_variables() { begin_again(shoal_reset_variables); }

 private:
  void begin_again(shoal_status (*)(shoal_node*));
  void load();
  void check_ends() const;
  void check(int status) const;
  bool wait_for_storage();

  const Graph& graph_;
  const Net& net_;
  const NodeSource source_;
  Arena arena_;
  std::array<uint8_t, 16> salt_{};  // of this start
  shoal_node node_{};
};

}  // namespace shoal
