// One frame of a net, which may be several of its model (host/lower/batch.h),
// on its way through a node: input rows are pushed as soon as there
// is room, output rows taken as soon as they are made.
//
//   FrameFlow flow(graph, net, input);
//   while (!flow.done()) flow.push(node), shoal_step(node), flow.take(node);
//   use(flow.output());
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "device/shoal.h"
#include "host/engine/common/frame.h"

namespace shoal {

class FrameFlow {
 public:
  // The references and `input` must outlive the flow. The frames of a batch
  // lie one after another, each with all its inputs. Throws Error(kUsage) if
  // the size is wrong.
  FrameFlow(const Graph&, const Net&, std::span<const uint8_t> input);
  FrameFlow(const FrameFlow&) = delete;
  FrameFlow& operator=(const FrameFlow&) = delete;

  // Return whether any row moved.
  bool push(shoal_node*);
  bool take(shoal_node*);
  // Returns whether all rows have been pushed and all have been taken.
  bool done() const;
  // Returns the outputs, one after another, in the file's types; of a batch
  // frame by frame.
  const std::vector<uint8_t>& output() const { return output_; }

 private:
  // An input on its way into the node: rows are made one at a time.
  struct Source {
    bool push(shoal_node*, uint32_t input);
    std::vector<FrameReader> frames;
    size_t frame = 0;
    int next = 0;  // row of the frame
    std::vector<int8_t> row;
    bool pending = false;  // `row` holds row `next`
    uint32_t skip = 0;     // bytes of each row, before the program's
  };
  struct Sink {
    bool take(shoal_node*, uint32_t output);
    std::vector<FrameWriter> frames;
    size_t frame = 0;
    int next = 0;
    std::vector<int8_t> row;
  };

  void begin(const shoal_node*);

  std::vector<uint8_t> output_;
  std::vector<Source> sources_;  // once begun, of the program
  bool begun_ = false;
  std::vector<Sink> sinks_;
};

}  // namespace shoal
