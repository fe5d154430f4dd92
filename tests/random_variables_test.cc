// Random networks that keep variables from frame to frame: rings of rows, sums
// that run, delays, variables that are swapped. Every frame of a sequence must
// equal the oracle's, on one node mapped and unmapped and on clusters with
// loss, frames in flight one behind the other.
//
//   SHOAL_RANDOM_NETS   how many networks (default: some dozens)
//   SHOAL_RANDOM_SEED   the first seed (default: 1)
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/common/verify.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

constexpr int kNets = 60, kFrames = 4;

uint32_t number_from(const char* variable, uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? static_cast<uint32_t>(std::atoi(text)) : otherwise;
}

class RandomStream {
 public:
  explicit RandomStream(uint32_t seed)
      : random_(seed), b_(pick(0, 3) ? Type::kInt8 : Type::kUint8) {
    const Shape in{1, pick(1, 6), pick(1, 4), pick(1, 6)};
    int x = b_.input(in, {0.02f * static_cast<float>(pick(1, 5)), pick(-9, 9)});
    for (int steps = pick(2, 6); steps > 0; --steps) x = step(x);
    b_.output(x);
    if (pick(0, 2) == 0 && !read_.empty()) b_.output(read_.back());
  }
  std::vector<uint8_t> file() const { return b_.finish(); }

 private:
  int pick(int low, int high) {
    return low +
           static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1));
  }
  std::vector<int8_t> bytes(int64_t count) {
    std::vector<int8_t> all(static_cast<size_t>(count));
    for (int8_t& v : all) v = static_cast<int8_t>(pick(-128, 127));
    return all;
  }
  int variable(const Shape& shape, BuilderScale scale) {
    const bool set = pick(0, 1);
    const int v =
        b_.variable(shape, scale,
                    set ? bytes(element_count(shape)) : std::vector<int8_t>{});
    return v;
  }
  int read(int handle) {
    read_.push_back(b_.read_variable(handle));
    return read_.back();
  }

  int step(int x) {
    switch (pick(0, 6)) {
      case 0:
      case 1:
        return ring(x);
      case 2:
        return sum(x);
      case 3:
        return delay(x);
      case 4:
        return swap(x);
      default:
        return conv(x);
    }
  }

  // Rows of the frames before, and this one's; the last of them are kept.
  int ring(int x) {
    const Shape s = b_.shape(x);
    if (pick(0, 2) == 0) return window(x);
    const int rows = pick(1, 9);
    const int v = variable({1, rows, s[2], s[3]}, b_.scale(x));
    const int all = b_.concatenation({read(v), x}, 1);
    const int last = b_.strided_slice(
        all, {{0, s[1], 0, 0}, {1, s[1] + rows, s[2], s[3]}, {1, 1, 1, 1}});
    b_.assign_variable(v, last);
    return all;
  }

  // All rows of the last frames; the oldest that it holds nobody reads.
  int window(int x) {
    const Shape s = b_.shape(x);
    const int rows = s[1] + pick(1, 9);
    const int v = variable({1, rows, s[2], s[3]}, b_.scale(x));
    const int last = b_.strided_slice(
        read(v), {{0, s[1], 0, 0}, {1, rows, s[2], s[3]}, {1, 1, 1, 1}});
    const int all = b_.concatenation({last, x}, 1);
    b_.assign_variable(v, all);
    return all;
  }

  int sum(int x) {
    const int v = variable(b_.shape(x), b_.scale(x));
    const int y = b_.add(read(v), x, b_.scale(x));
    b_.assign_variable(v, y);
    if (pick(0, 1)) return y;
    return b_.add(read(v), x, b_.scale(x));  // what was assigned
  }

  int delay(int x) {
    const int v = variable(b_.shape(x), b_.scale(x));
    const int before = read(v);
    b_.assign_variable(v, x);
    return pick(0, 1) ? before : b_.add(before, x, b_.scale(x));
  }

  // Swaps the values of two variables.
  int swap(int x) {
    const int v = variable(b_.shape(x), b_.scale(x));
    const int w = variable(b_.shape(x), b_.scale(x));
    const int first = read(v), second = read(w);
    b_.assign_variable(v, second);
    b_.assign_variable(w, pick(0, 1) ? first : x);
    return b_.add(first, x, b_.scale(x));
  }

  int conv(int x) {
    const Shape s = b_.shape(x);
    const int kh = pick(1, std::min(s[1], 20)), kw = pick(1, s[2]);
    BuilderWindow w;
    w.same = pick(0, 2) == 0;
    if (pick(0, 2) == 0) w.stride_h = pick(1, 2);
    const float spread = 0.4f * b_.scale(x).scale *
                         std::sqrt(static_cast<float>(kh * kw * s[3]));
    const BuilderScale y{std::max(spread, 1e-5f), pick(-20, 20)};
    if (pick(0, 1)) {
      const Shape weights{1, kh, kw, s[3]};
      return b_.depthwise(
          x, b_.weights(weights, bytes(element_count(weights)), {0.006f}, 3),
          -1, y, w);
    }
    const Shape weights{pick(1, 7), kh, kw, s[3]};
    return b_.conv(
        x, b_.weights(weights, bytes(element_count(weights)), {0.006f}, 0), -1,
        y, w);
  }

  std::mt19937 random_;
  ModelBuilder b_;
  std::vector<int> read_;
};

std::vector<Bytes> random_frames(const Graph& g, std::mt19937& random) {
  std::vector<Bytes> frames;
  for (int f = 0; f < kFrames; ++f) {
    const auto count =
        element_count(g.tensors[static_cast<size_t>(g.inputs[0])].shape);
    Bytes& frame = frames.emplace_back(static_cast<size_t>(count));
    for (uint8_t& b : frame) b = static_cast<uint8_t>(random());
  }
  return frames;
}

// "" if every frame and layer is the oracle's.
std::string run(const Graph& g, const std::vector<Bytes>& frames,
                Engine& engine) {
  Kept kept = initial_values(g);
  std::string fault;
  size_t given = 0, got = 0;
  const auto next = [&]() -> std::optional<Bytes> {
    if (given == frames.size()) return std::nullopt;
    return frames[given++];
  };
  engine.stream(next, [&](const Answer& a) {
    const Values oracle = run_oracle(g, frames[got], kept);
    const Verification v =
        judge_frame(g, a.output, a.values(), oracle, std::nullopt);
    if (v.wrong && fault.empty()) {
      fault = "frame " + std::to_string(got) + ": " + describe(*v.wrong);
    }
    ++got;
  });
  if (fault.empty() && got != frames.size()) return "frames are missing";
  return fault;
}

std::string run_node(std::shared_ptr<const Prepared> p,
                     const std::vector<Bytes>& frames) {
  const Graph g = p->graph;
  const auto engine = node_engine(std::move(p), {}, true);
  return run(g, frames, *engine);
}

struct Counts {
  int nodes = 0, clusters = 0, variables = 0;
  int64_t kept = 0;  // bytes, over all nodes of all plans
};

std::string judge(uint32_t seed, Counts& counts) {
  const Graph g = import_tflite(RandomStream(seed).file(), "random");
  std::mt19937 random(seed);
  const std::vector<Bytes> frames = random_frames(g, random);
  counts.variables += static_cast<int>(g.variables.size());
  PlanRequest request = one_node(find_board(seed % 2 ? "host" : "emcraft-sf2"));
  for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
    request.objective = objective;
    auto p = std::make_shared<const Prepared>(prepare(g, request));
    for (const PlanVariable& v : p->plan.nodes[0].variables) {
      counts.kept += v.bytes();
    }
    ++counts.nodes;
    const std::string fault = run_node(std::move(p), frames);
    if (!fault.empty()) return "one node, " + fault;
  }
  static const char* const kStrategies[] = {"spatial", "kernel", "layer"};
  for (const int nodes : {2, 3 + static_cast<int>(random() % 6)}) {
    const char* strategy = kStrategies[random() % 3];
    const Cluster cluster = uniform_cluster(nodes, find_board("host"), {});
    PlanRequest linked = linked_nodes(cluster, strategy);
    if (random() % 2) linked.objective = Objective::kRam;
    auto p = std::make_shared<Prepared>(prepare(g, linked));
    for (const PlanNode& n : p->plan.nodes) {
      for (const PlanVariable& v : n.variables) counts.kept += v.bytes();
    }
    SimOptions options;
    options.costs = options.first_alone = false;
    options.network.seed = seed;
    options.network.loss = random() % 2 ? 0.1 : 0;
    VirtualEngine engine(p, cluster, options, true);
    ++counts.clusters;
    const std::string fault = run(g, frames, engine);
    if (!fault.empty()) {
      return std::string(strategy) + " over " + std::to_string(nodes) + ", " +
             fault;
    }
  }
  return "";
}

TEST(RandomVariables, EveryFrameEqualsTheOracles) {
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  const uint32_t count = number_from("SHOAL_RANDOM_NETS", kNets);
  Counts counts;
  int failed = 0;
  for (uint32_t seed = first; seed < first + count && failed < 5; ++seed) {
    std::string fault;
    try {
      fault = judge(seed, counts);
    } catch (const std::exception& e) {
      fault = e.what();
    }
    if (fault.empty()) continue;
    ++failed;
    ADD_FAILURE() << "seed " << seed << ": " << fault;
  }
  std::printf(
      "%u networks, %d variables: %d nodes, %d clusters; %lld bytes "
      "kept\n",
      count, counts.variables, counts.nodes, counts.clusters,
      static_cast<long long>(counts.kept));
  EXPECT_GT(counts.variables, static_cast<int>(count) / 2);
}

// A node's variables are lost with it: the error says with which frame.
TEST(RandomVariables, ALostNodeEndsTheSequence) {
  const Graph g = import_tflite(RandomStream(3).file(), "random");
  std::mt19937 random(3);
  const std::vector<Bytes> frames = random_frames(g, random);
  const Cluster cluster = uniform_cluster(3, find_board("host"), {});
  SimOptions options;
  options.costs = options.first_alone = false;
  options.timeout_us = 100000;
  options.lost_node = 1;
  for (const Nanos after : {Nanos{0}, 60 * kMicrosecond}) {
    options.lost_after = after;
    VirtualEngine engine(
        std::make_shared<Prepared>(prepare(g, linked_nodes(cluster, "kernel"))),
        cluster, options, false);
    size_t given = 0, got = 0;
    try {
      engine.stream(
          [&] { return std::optional(frames[given++ % frames.size()]); },
          [&](const Answer&) { ++got; });
      ADD_FAILURE() << "it went on without the node";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode);
      EXPECT_NE(std::string(e.what()).find("the sequence ends with frame " +
                                           std::to_string(got)),
                std::string::npos)
          << e.what();
    }
  }
}

}  // namespace
}  // namespace shoal
