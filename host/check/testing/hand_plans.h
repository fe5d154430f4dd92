// Small networks and plans made by hand, for the tests of checker, emit and
// runtime. A HandPlan connects ports and packs the arena in the plainest way;
// everything that makes a plan good or bad is said by the test.
#pragma once

#include <string>
#include <vector>

#include "device/program/link_layout.h"
#include "host/lower/net.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Adds layers whose weights come from a seeded generator.
class HandNet {
 public:
  explicit HandNet(unsigned seed = 1);
  int tensor(int rows, int columns, int channels);
  // Layers read and write whole tensors; they return the output tensor.
  // SAME: as many rows as ceil(rows / stride); otherwise VALID.
  int conv(int in, int kernel, int stride, int channels, bool same = true);
  int conv_valid(int in, int kernel_h, int kernel_w, int channels);
  int depthwise(int in, int kernel, int stride);
  int add(int a, int b);
  int resize(int in, int factor);  // nearest neighbour
  int pad(int in, int border, int value);
  int transpose(int in);  // rows become channels, and channels rows
  // Writes its result into channels [c0, ...) of an existing tensor.
  void conv_into(int in, int out, int c0, int channels);
  void input(int tensor);
  void output(int tensor);
  Net finish();

 private:
  Layer window(OpCode, int in, int kernel_h, int kernel_w, int stride);
  void fill(Layer&, int taps, int channels);
  int next(int low, int high);

  Net net_;
  unsigned state_;
};

struct BufferOptions {
  int first_stage = -1, last_stage = -1;  // -1: this one
  bool complete = false;
  int overlay = -1;       // index of a buffer of this stage
  int64_t offset = -1;    // from the first buffer byte; -1: packed
  int element_bytes = 0;  // 0: the tensor's
};

// A box of a layer's output from boxes of its operands; buffers of the stage.
struct HandShare {
  int out = -1;
  Box out_box;
  int in[2] = {-1, -1};
  Box in_box[2] = {};
  int partial = -1;   // buffer of sums to start from; -1: the bias
  bool final = true;  // else sums
  int band = 1;
};

class HandPlan {
 public:
  explicit HandPlan(const Net& net) : net_(net) {}
  void stage();
  // The buffer of a tensor in this stage; slots 0: whole.
  int buffer(int tensor, int slots = 0, BufferOptions = {});
  // A layer from the buffers of this stage; part 0: the window is not cut.
  int actor(int layer, int band = 1, int part = 0, int groups = 1);
  // One box of a layer's output from a box of its first input.
  void tile(int layer, const Box& out, const Box& in);
  // Does what buffer() does, for a part of the tensor.
  int part(int tensor, const Box&, int slots = 0, BufferOptions = {});
  void share(int layer, const HandShare&);
  // The same for a layer of one operand, of which it reads `read`.
  void share(int layer, int from, const Box& read, int to, const Box& made) {
    share(layer,
          {.out = to, .out_box = made, .in = {from, -1}, .in_box = {read, {}}});
  }
  // Copies a box from one buffer of a tensor to another.
  void copy(int from, int to, const Box&);
  // A buffer inside a loop: the first `channels` channels of the tensor.
  void private_buffer(int tensor, int slots, int channels);
  // Consecutive layers as a fused channel group; the buffers between them are
  // private.
  void loop(int first_layer, int layers, int iterations, int band);
  // The same over the hidden channels [c0, c1) alone; `share` is of the last
  // layer, but in[0] is what the first one reads.
  void loop_part(int first_layer, int layers, int iterations, int c0, int c1,
                 const HandShare& share);
  // A convolution by two actors: input channels below `channel` into int32
  // sums (a ring of one row), then the others onto them.
  void cut_conv(int layer, int channel);
  void input(int index);   // in this stage
  void output(int index);  // in this stage
  void input(int index, int buffer, const Box&);
  void output(int index, int buffer, const Box&);
  void order(std::vector<PlanRun> runs);
  // The buffer's box to pages of storage, or back from the pages that an
  // earlier stage wrote; pages of `page_bytes` bytes, tag included.
  void spill(int buffer, uint32_t page_bytes);
  void read_back(int buffer);
  // The last actor's weights lie in SRAM, in this stage or always.
  void in_sram(bool keep);
  // Weights that are not in SRAM lie on a tape; every stage needs an order.
  void tape() { tape_ = true; }
  // The same, and records lie in storage.
  void unmapped() { tape_ = unmapped_ = true; }
  Plan finish();

 private:
  friend class HandCluster;

  PlanActor& add_actor(int layer, int band, int part);
  void add_chunks(PlanActor&, int parts, int groups, bool by_input);
  PlanStage& now() { return node_.stages.back(); }
  int find_buffer(int tensor);
  int port(int buffer, const Box&, bool is_read, Owner, int owner_index);
  Box box_in(int buffer, const Box& wanted);
  void sort_ports(PlanStage&);
  uint32_t record_size(const PlanStage&) const;
  PlanActor& add_share(const HandShare&);
  static int summed_channels(const PlanStage&, const PlanActor&);
  void place_weights(PlanStage&);
  uint32_t sram_bytes(const PlanStage&, const PlanActor&) const;
  void place_kept();
  void place_fixed();
  uint32_t place_stored(PlanStage&, uint32_t end);
  void pack();
  void count_weights(PlanStage&, const PlanWeights&, int64_t bytes);
  void count();

  const Net& net_;
  PlanNode node_;
  LinkCounts link_;
  bool tape_ = false, unmapped_ = false;
  std::vector<std::vector<int64_t>> wanted_;  // offsets by stage and buffer
};

// The bytes of a chunk without its tag.
uint32_t hand_chunk_bytes(const Net&, const PlanStage&, const PlanActor&,
                          const PlanChunk&);

// One stage, every tensor whole, one row a firing: nothing that could go
// wrong. Every other plan of the net must give the same bytes.
Plan plain_plan(const Net&);

struct HandCase {
  std::string name;
  Net net;
  Plan plan;
};
// A depthwise layer whose output begins `lead` bytes below its input.
HandCase overlay_case(int lead);
// chain of rings, skip with ADD, two stages with a whole tensor, a cut fully
// connected layer, overlay, concatenation, bands and weight groups, a
// recorded order.
std::vector<HandCase> hand_cases();
// A chain and a skip connection through storage, weights on a tape and in
// SRAM beside it.
std::vector<HandCase> stored_cases();

}  // namespace shoal
