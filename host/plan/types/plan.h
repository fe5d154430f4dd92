// A plan: which node computes which box of which layer, in which stage, with
// which buffers, at which addresses. It is complete: host/program/emit only
// writes it down, and the checker can judge it from the Net alone. Index fields
// are positions in the vectors of the same stage; -1 is none. Boxes are in
// tensor coordinates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/box.h"
#include "host/lower/net.h"
#include "host/plan/types/objective.h"

namespace shoal {

struct PlanBuffer {
  int tensor = -1;
  Box box;
  int element_bytes = 1;
  bool turned = false;      // its rows are the columns of the file's picture
  int slots = 0;            // rows held; box.rows() holds it whole
  bool is_private = false;  // inside a loop
  bool complete = false;    // filled by an earlier stage
  int overlay = -1;         // buffer of this stage whose bytes it may reuse
  // The net's variable whose value before the frame (complete) or after it
  // (written) the buffer holds; -1: none.
  int variable = -1;
  uint32_t offset = 0;  // in the arena
  // The stages of this node in which these bytes belong to the tensor.
  int first_stage = 0, last_stage = 0;
  uint32_t row_bytes() const {
    return static_cast<uint32_t>(box.columns()) *
           static_cast<uint32_t>(box.channels()) *
           static_cast<uint32_t>(element_bytes);
  }
  uint32_t bytes() const { return row_bytes() * static_cast<uint32_t>(slots); }
};

enum class Owner : uint8_t { kActor, kInput, kOutput, kStream, kSpill };
// The names of owners and of places of weights in files, by their values.
inline constexpr const char* kOwners[] = {"actor", "input", "output", "stream",
                                          "spill"};
inline constexpr const char* kPlaces[] = {"mapped", "tape", "sram"};
struct PlanPort {
  int buffer = -1;
  Box box;
  bool is_read = false;
  Owner owner = Owner::kActor;
  // The actor of this stage, the input or output of the net, the stream of the
  // plan, or the spill of this stage. In a cluster the port of an input or
  // output may hold a part of it: the coordinator sends or takes that box as a
  // stream.
  int owner_index = 0;
};

struct PlanChunk {
  int out0 = 0, out_n = 0;  // output channels (kConstant: rows), layer's own
  int in0 = 0, in_n = 0;    // kernel rows (cut window) or input channels
};
struct PlanWeights {
  WeightPlace place = WeightPlace::kMapped;
  int parts = 1, groups = 1;
  std::vector<PlanChunk> chunks;  // parts x groups, part-major
  // For kSram: where the chunks begin in the arena, one behind the other, each
  // with its tag and aligned. They are read when the stage is entered. With
  // `keep` they are read before the first frame and stay, in the arena or in
  // another bank.
  uint32_t offset = 0;
  bool keep = false;
  int bank = 0;  // 0: the arena's; else banks[bank - 1] of the node
};

struct PlanActor {
  int layer = -1;  // of the net; -1: a copy
  // True if the actor copies the box of in[0] to its out port, which has the
  // same box of the same tensor in another buffer. It is emitted as a kMove
  // that changes nothing.
  bool copy = false;
  int in[2] = {-1, -1};  // ports
  int partial = -1;
  int out = -1;
  bool init = true, final = true;
  int band = 1;  // output rows a firing
  int part = 1;  // kernel rows a firing; kernel_h if the window is not cut
  int slices = 1;
  int loop = -1;
  // Channels that this actor makes (the box of its out port) and input channels
  // that it reads follow from the ports.
  PlanWeights weights;       // no chunks: the operator has no weights
  uint32_t accumulator = 0;  // arena offset, if accumulator_bytes
  uint32_t accumulator_bytes = 0;
};

struct PlanLoop {
  int first_actor = 0, actors = 0, iterations = 1, band = 1;
};

struct PlanRun {
  int actor = 0, firings = 0;
};

// Rows of a tensor on their way to storage (a read port) or back (a write
// port), in row order, cut into pages. What one stage writes, one or several
// later stages of the same frame read.
struct PlanSpill {
  int port = -1;
  int first_page = 0, pages = 0;  // of the node's pages in a frame
  uint32_t offset = 0;            // of its page buffer in the arena
};

// A node's part of a segment of the plan. A node that has nothing to do in a
// segment has no stage for it.
struct PlanStage {
  int segment = 0;
  std::vector<PlanBuffer> buffers;
  std::vector<PlanPort> ports;  // by buffer: write ports, then read ports
  std::vector<PlanActor> actors;
  std::vector<PlanLoop> loops;
  std::vector<PlanRun> order;  // empty: data-driven
  std::vector<PlanSpill> spills;
  // Slots in the arena for chunks of the tape; they exist in this stage only. 0
  // bytes: the stage has no tape.
  uint32_t slots = 0, slot_bytes = 0, slot_count = 0;
  uint32_t arena_bytes = 0;  // state, record and buffers of this stage
  // Modelled times of a frame.
  double seconds = 0;
  int64_t macs = 0, weight_read_bytes = 0, firings = 0;
  int64_t storage_read_bytes = 0, storage_written_bytes = 0;
  // The parts of `seconds`. They overlap, so their sum is larger.
  double compute_s = 0, flash_s = 0, storage_s = 0, check_s = 0;
  // The largest part of the time: "compute", "flash", "firings", "storage", ...
  std::string bound;
};

// A one-way edge: the rows of `box`, from a read port of one node to write
// ports of others. All its ports have this box, owner kStream and this stream's
// number. The box's bytes travel in row order.
struct PlanStream {
  int tensor = -1;
  Box box;
  int element_bytes = 1;
  struct End {
    int node = -1, stage = -1, port = -1;  // stage: position in the node's list
    bool operator==(const End&) const = default;
  };
  End from;
  std::vector<End> to;
  int64_t bytes() const { return box.elements() * element_bytes; }
};

// A node that this one exchanges rows with; -1 is the coordinator. Sorted.
struct PlanPeer {
  int node = -1;
  int window = 1;  // fragments in flight to it
};

// A box of a variable of the net that a node keeps from frame to frame. Frame 0
// reads at `offset` and writes the copy behind it, frame 1 reads that and
// writes at `offset`, and so on.
struct PlanVariable {
  int variable = -1;
  Box box;
  int element_bytes = 1;
  uint32_t offset = 0;  // in the arena
  uint32_t bytes() const {
    return static_cast<uint32_t>(box.elements() * element_bytes);
  }
};

// The fixed parts of the arena, in this order, each aligned to 16 bytes.
struct PlanLayout {
  uint32_t cursors = 0, cursor_count = 0;
  uint32_t states = 0, state_count = 0;
  uint32_t head = 0, head_bytes = 0;      // 0 bytes: the image is mapped
  uint32_t record = 0, record_bytes = 0;  // 0: mapped
  uint32_t keep = 0, keep_bytes = 0;      // weight sets that stay
  uint32_t spill = 0, spill_bytes = 0;    // device/program/spill_layout.h
  uint32_t link = 0, link_bytes = 0;      // device/program/link_layout.h
  uint32_t variables = 0, variable_bytes = 0;
  uint32_t room = 0, room_bytes = 0;  // for unpacked int4 weights
  uint32_t buffers = 0;               // where the buffers begin
};

// SRAM in another bank than the arena's, for weights that stay.
struct PlanBank {
  std::string name;
  uint32_t bytes = 0;  // that the program needs
  uint32_t room = 0;   // that the node has
};

struct PlanNode {
  std::string name, board;
  std::vector<PlanStage> stages;
  std::vector<PlanPeer> peers;          // empty: not linked
  std::vector<PlanVariable> variables;  // by number
  int gaps = 0;  // ranges of bytes behind gaps that each in-stream may have
  uint32_t poll_gap_us = 0;  // longest slice, modelled; 0: not stated
  PlanLayout layout;
  std::vector<PlanBank> banks;  // banks that it may use besides the arena's
  uint32_t arena_bytes = 0;
  uint32_t fixed_bytes = 0;
  uint32_t program_bytes = 0;
  bool mapped = true;   // head, records and kMapped weights are memory mapped
  std::string storage;  // profile; empty: nothing is read from storage
  bool sealed = false;  // chunks in storage are encrypted
  // Bytes of weights in execute-in-place flash, kept in SRAM, and streamed.
  int64_t flash_weight_bytes = 0, sram_weight_bytes = 0, tape_bytes = 0;
  uint32_t spill_page_bytes = 0;  // 0: no spills
  int spill_pages = 0;            // of a frame
  int64_t macs = 0, weight_read_bytes = 0;
  int64_t storage_read_bytes = 0, storage_written_bytes = 0;
  int64_t sent_bytes = 0, received_bytes = 0;
  double seconds = 0;
};

// Another order of layers than the net's, if that is better.
struct PlanOrder {
  std::vector<int> layers;  // of the net, by position; empty: the net's order
  // The figures of the best plan in the net's own order; 0: nothing fits in
  // that order.
  int64_t own_arena_bytes = 0;  // the largest
  double own_latency_s = 0;
};

struct Plan {
  // The strategy's name; for `auto` a text, "auto (spatial on 6 of 8 nodes:
  // ...)".
  std::string strategy = "single";
  Objective objective = Objective::kLatency;
  bool says_nodes = false;  // `strategy` names the number of nodes
  bool not_on_all = false;  // no plan over all nodes fits
  // True if only the cuts with the least memory fit, whatever their time.
  bool barely_fits = false;
  // True if rows of inputs, outputs and streams travel over links. A plan of
  // one node may be linked; one of several nodes always is.
  bool linked = false;
  std::vector<PlanNode> nodes;
  std::vector<PlanStream> streams;  // between nodes of the plan
  PlanOrder order;
  int64_t macs = 0, model_macs = 0, traffic_bytes = 0;
  double latency_s = 0;

  // Returns whether the strategy `auto` made the plan.
  bool is_auto() const { return strategy.starts_with("auto"); }
};

// Returns whether the actor has weights that do not lie in mapped flash.
bool is_streamed(const PlanActor&);
// Returns whether any part of the node's image is read from storage, or
// anything is spilled there.
bool reads_storage(const PlanNode&);
// Returns whether any buffer of a node has elements of 16 bits.
bool has_wide_rows(const std::vector<PlanStage>&);
// Returns the first stage with the largest arena; 0 if there is none.
size_t fullest_stage(const PlanNode&);
// Returns the bytes of the largest arena of any node.
int64_t largest_arena(const Plan&);

}  // namespace shoal
