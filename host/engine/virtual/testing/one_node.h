// A node that is alone in virtual time, frame by frame.
//
//   OneNode node(prepared, board);
//   EXPECT_EQ(node.run(input), expected);   // as often as you like
//   node.seconds(), node.counts().waits ...   // of the last one
#pragma once

#include <vector>

#include "host/engine/virtual/store_image.h"
#include "host/engine/virtual/virtual_cluster.h"

namespace shoal {

class OneNode {
 public:
  // Runs a plan that is not linked. `options.store_keys`: sealed.
  OneNode(Prepared prepared, const Board& board, SimOptions options = {})
      : prepared_(std::move(prepared)),
        options_(with_callbacks(std::move(options))),
        nodes_(uniform_cluster(1, board, {})),
        cluster_(prepared_, nodes_, {}, options_) {}

  std::vector<uint8_t> run(const std::vector<uint8_t>& input) {
    input_ = input;
    cluster_.run(1);
    return output_;
  }
  double seconds() const {
    const FrameTime t = cluster_.result().frames.back();
    return static_cast<double>(t.finished - t.submitted) * 1e-9;
  }
  NodeCounts counts() const { return cluster_.result().nodes[0].counts; }
  uint32_t most_erases() const {
    return cluster_.result().nodes[0].most_erases;
  }
  VirtualStorage& storage() { return *cluster_.node(0).storage(); }

 private:
  SimOptions with_callbacks(SimOptions options) {
    options.input = [this](int) { return input_; };
    options.output = [this](int, const std::vector<uint8_t>& output) {
      output_ = output;
    };
    return options;
  }

  const Prepared prepared_;
  const SimOptions options_;
  const Cluster nodes_;
  std::vector<uint8_t> input_, output_;
  VirtualCluster cluster_;
};

}  // namespace shoal
