// A plan: who computes which box of which layer, in which stage, with which
// buffers, at which addresses. Complete: host/emit only writes it down, and
// the checker can judge it from the Net alone. Index fields are positions in
// the vectors of the same stage; -1 is none. Boxes are in tensor coordinates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/box.h"
#include "host/lower/net.h"

namespace shoal {

struct PlanBuffer {
  int tensor = -1;
  Box box;
  int element_bytes = 1;
  int slots = 0;            // rows held; box.rows() holds it whole
  bool is_private = false;  // inside a loop
  bool complete = false;    // filled by an earlier stage
  int overlay = -1;         // buffer of this stage whose bytes it may reuse
  uint32_t offset = 0;      // in the arena
  // Stages of this node during which these bytes are this tensor's.
  int first_stage = 0, last_stage = 0;
  uint32_t row_bytes() const {
    return static_cast<uint32_t>(box.columns()) *
           static_cast<uint32_t>(box.channels()) *
           static_cast<uint32_t>(element_bytes);
  }
  uint32_t bytes() const { return row_bytes() * static_cast<uint32_t>(slots); }
};

enum class Owner : uint8_t { kActor, kInput, kOutput };
struct PlanPort {
  int buffer = -1;
  Box box;
  bool is_read = false;
  Owner owner = Owner::kActor;
  int owner_index = 0;  // actor of this stage, input or output of the net
};

struct PlanChunk {
  int out0 = 0, out_n = 0;  // output channels (kConstant: rows), layer's own
  int in0 = 0, in_n = 0;    // kernel rows (cut window) or input channels
};
struct PlanWeights {
  WeightPlace place = WeightPlace::kMapped;
  int parts = 1, groups = 1;
  std::vector<PlanChunk> chunks;  // parts x groups, part-major
};

struct PlanActor {
  int layer = -1;
  int in[2] = {-1, -1};  // ports
  int partial = -1;
  int out = -1;
  bool init = true, final = true;
  int band = 1;  // output rows a firing
  int part = 1;  // kernel rows a firing; kernel_h if the window is not cut
  int slices = 1;
  int loop = -1;
  // Channels of the layer's output that this actor makes (its out port's
  // box) and input channels that it reads follow from the ports.
  PlanWeights weights;       // no chunks: the operator has none
  uint32_t accumulator = 0;  // arena offset, if accumulator_bytes
  uint32_t accumulator_bytes = 0;
};

struct PlanLoop {
  int first_actor = 0, actors = 0, iterations = 1, band = 1;
};

struct PlanRun {
  int actor = 0, firings = 0;
};

struct PlanStage {
  std::vector<PlanBuffer> buffers;
  std::vector<PlanPort> ports;  // by buffer: write ports, then read ports
  std::vector<PlanActor> actors;
  std::vector<PlanLoop> loops;
  std::vector<PlanRun> order;  // empty: data-driven
  uint32_t arena_bytes = 0;    // state, record and buffers of this stage
  // Modelled, per frame.
  double seconds = 0;
  int64_t macs = 0, weight_read_bytes = 0, firings = 0;
  std::string bound;  // what the time goes to: "compute", "flash"
};

// Fixed parts of the arena, in this order, each 16-byte aligned.
struct PlanLayout {
  uint32_t cursors = 0, cursor_count = 0;
  uint32_t states = 0, state_count = 0;
  uint32_t head = 0, head_bytes = 0;      // 0 bytes: the image is mapped
  uint32_t record = 0, record_bytes = 0;  // 0: mapped
  uint32_t slots = 0, slot_bytes = 0, slot_count = 0;
  uint32_t buffers = 0;  // where the buffers begin
};

struct PlanNode {
  std::string name, board;
  std::vector<PlanStage> stages;
  PlanLayout layout;
  uint32_t arena_bytes = 0;
  uint32_t fixed_bytes = 0;
  uint32_t program_bytes = 0;
  int64_t macs = 0, weight_read_bytes = 0;
  int64_t storage_read_bytes = 0, storage_written_bytes = 0;
  int64_t sent_bytes = 0, received_bytes = 0;
  double seconds = 0;
};

struct Plan {
  std::string strategy = "single", objective = "latency";
  std::vector<PlanNode> nodes;
  int64_t macs = 0, model_macs = 0, traffic_bytes = 0;
  double latency_s = 0;
};

}  // namespace shoal
