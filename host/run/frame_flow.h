// One frame on its way through a node: input rows are pushed as soon as there
// is room, output rows taken as soon as they are made.
//
//   FrameFlow flow(graph, net, input);
//   while (!flow.done()) { flow.push(node); shoal_step(node); flow.take(node);
//   } flow.output()
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "device/shoal.h"
#include "host/run/frame.h"

namespace shoal {

// Bytes of all inputs, or outputs, of the model together, in the file's types.
int64_t input_bytes(const Graph&);
int64_t output_bytes(const Graph&);

class FrameFlow {
 public:
  // The references and `input` must outlive the flow. Throws Error(kUsage) if
  // the size is wrong.
  FrameFlow(const Graph&, const Net&, std::span<const uint8_t> input);
  FrameFlow(const FrameFlow&) = delete;
  FrameFlow& operator=(const FrameFlow&) = delete;

  // Whether any row moved.
  bool push(shoal_node*);
  bool take(shoal_node*);
  // All rows have been pushed and all have been taken.
  bool done() const;
  // The outputs, one after another, in the file's types.
  const std::vector<uint8_t>& output() const { return output_; }

 private:
  // An input on its way into the node: rows are made one at a time.
  struct Source {
    explicit Source(const FrameReader&);
    bool push(shoal_node*, uint32_t input);
    FrameReader reader;
    int next = 0;
    std::vector<int8_t> row;
    bool pending = false;  // `row` holds row `next`
  };
  struct Sink {
    explicit Sink(const FrameWriter&);
    bool take(shoal_node*, uint32_t output);
    FrameWriter writer;
    int next = 0;
    std::vector<int8_t> row;
  };

  std::vector<uint8_t> output_;
  std::vector<Source> sources_;
  std::vector<Sink> sinks_;
};

}  // namespace shoal
