// Tests send frames through engines here, and the oracle judges them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/verify.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {

// Gives the frames of a stream one after another.
inline auto in_turn(const std::vector<Bytes>& frames) {
  return [&frames, given = size_t{0}]() mutable -> std::optional<Bytes> {
    if (given == frames.size()) return std::nullopt;
    return frames[given++];
  };
}

// Returns what is wrong with a sequence of frames; "" if each has an answer and
// every layer of it is the oracle's. `take` gets the answers.
inline std::string judge_stream(
    const Graph& g, const std::vector<Bytes>& frames, Engine& engine,
    const std::function<void(const Answer&)>& take = {}) {
  Kept kept = initial_values(g);
  std::string fault;
  size_t got = 0;
  engine.stream(in_turn(frames), [&](const Answer& a) {
    const Verification v =
        judge_frame(g, a.output, a.values(), run_oracle(g, frames[got], kept),
                    std::nullopt);
    if (v.wrong && fault.empty()) {
      fault = "frame " + std::to_string(got) + ": " + describe(*v.wrong);
    }
    if (take) take(a);
    ++got;
  });
  if (fault.empty() && got != frames.size()) return "frames are missing";
  return fault;
}

// Nodes of a computer in virtual time whose work costs nothing; they share the
// rows of pictures.
inline std::unique_ptr<Engine> free_nodes(const Graph& g, int nodes) {
  const Cluster cluster = uniform_cluster(nodes, find_board("host"), {});
  SimOptions options;
  options.costs = options.first_alone = false;
  return std::make_unique<VirtualEngine>(
      std::make_shared<Prepared>(prepare(g, linked_nodes(cluster, "spatial"))),
      cluster, options, true);
}

// One frame of random bytes on one node, on two and on four. Returns the bytes
// of the one node's arena.
inline int64_t expect_exact_plans(const Graph& g) {
  std::mt19937 random(7);
  Bytes frame;
  for (const int i : g.inputs) {
    const Tensor& t = g.tensors[static_cast<size_t>(i)];
    frame.resize(frame.size() + static_cast<size_t>(element_count(t.shape)) *
                                    static_cast<size_t>(type_bytes(t.type)));
  }
  for (uint8_t& b : frame) b = static_cast<uint8_t>(random());
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  auto alone = std::make_shared<const Prepared>(prepare(g, request));
  EXPECT_EQ(judge_stream(g, {frame}, *node_engine(alone, {}, true)), "");
  for (const int nodes : {2, 4}) {
    EXPECT_EQ(judge_stream(g, {frame}, *free_nodes(g, nodes)), "")
        << nodes << " nodes";
  }
  return alone->plan.nodes[0].arena_bytes;
}

}  // namespace shoal
