// Random graphs: the net's tensors must equal the oracle's, and those of a
// batch the oracle's of every frame.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "host/lower/batch.h"
#include "host/lower/testing/net_eval.h"
#include "host/lower/testing/random_graph.h"
#include "host/lower/turn.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

struct Frame {
  std::vector<uint8_t> input;
  Values oracle;
};

// Frames of random bytes, and the inputs of a net that has them all.
std::vector<Frame> random_frames(const Graph& g, int count, unsigned seed,
                                 std::vector<std::vector<int8_t>>& inputs) {
  std::mt19937 random(seed);
  std::vector<Frame> frames(static_cast<size_t>(count));
  inputs.resize(g.inputs.size());
  for (Frame& f : frames) {
    for (size_t i = 0; i < g.inputs.size(); ++i) {
      for (int64_t k = element_count(g.tensors[g.inputs[i]].shape); k > 0;
           --k) {
        f.input.push_back(static_cast<uint8_t>(random()));
        inputs[i].push_back(static_cast<int8_t>(f.input.back()));
      }
    }
    f.oracle = run_oracle(g, f.input);
  }
  return frames;
}

// Empty if the net computes what the oracle does, frame by frame.
std::string fault_of(const Graph& g, const Net& net, unsigned seed) {
  for (const std::string& line : net_faults(net)) return line;
  std::vector<std::vector<int8_t>> inputs;
  const auto frames = random_frames(g, net.frames, seed, inputs);
  const NetValues values = run_net(g, net, inputs);
  const auto differs = [&](int t, const FilePlace& s, int frame) {
    const Tensor& tensor = g.tensors[t];
    const auto& expected =
        tensor.constant ? tensor.data : frames[frame].oracle[t];
    const auto actual = file_order_bytes(net, s, tensor.shape, values);
    return !std::equal(
        actual.begin(), actual.end(), expected.begin(), expected.end(),
        [](int8_t a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
  };
  for (int f = 0; f < net.frames; ++f) {
    const std::string of = " of frame " + std::to_string(f) + " differs";
    for (size_t t = 0; t < g.tensors.size(); ++t) {
      if (!net.places[t]) continue;
      FilePlace s = *net.places[t];
      s.view = frame_view(net, s.view, f);
      if (differs(static_cast<int>(t), s, f)) {
        return "tensor " + std::to_string(t) + of;
      }
    }
    for (const NetIo& io : net.outputs) {
      if (differs(io.file_tensor, frame_io(net, io, f).place, f)) {
        return "an output" + of;
      }
    }
  }
  return "";
}

TEST(LowerRandom, EqualsTheOracle) {
  const char* chosen = std::getenv("SHOAL_TEST_SEED");
  const unsigned first = chosen ? std::atoi(chosen) : 1;
  const unsigned count = chosen ? 1 : 4000;
  int kept = 0, made = 0, failed = 0;
  for (unsigned seed = first; seed < first + count && failed < 5; ++seed) {
    const RandomGraph random(seed);
    const Graph& g = random.graph();
    std::string fault;
    try {
      const Net net = lower(g);
      fault = fault_of(g, net, seed);
      for (const Op& op : g.ops) {
        for (int t : op.outputs) {
          ++made;
          kept += net.places[t].has_value();
        }
      }
    } catch (const std::exception& e) {
      fault = e.what();
    }
    if (!fault.empty()) ++failed;
    EXPECT_EQ(fault, "") << "seed " << seed << "\n" << text_of(g);
  }
  if (!chosen) {
    EXPECT_GT(kept, made * 9 / 10);
  }
}

// Pictures of few columns are turned as those of too many are.
TEST(LowerRandom, TurnedPicturesEqualTheOracle) {
  const char* chosen = std::getenv("SHOAL_TEST_SEED");
  const unsigned first = chosen ? std::atoi(chosen) : 1;
  const unsigned count = chosen ? 1 : 2000;
  int failed = 0, turned = 0;
  for (unsigned seed = first; seed < first + count && failed < 5; ++seed) {
    const RandomGraph random(seed);
    const Graph& g = random.graph();
    const int most_columns = static_cast<int>(seed % 4);
    turned += std::ranges::count(find_turned(g, most_columns), true) > 0;
    std::string fault;
    try {
      fault = fault_of(g, lower_turned(g, most_columns), seed);
    } catch (const std::exception& e) {
      fault = e.what();
    }
    if (!fault.empty()) ++failed;
    EXPECT_EQ(fault, "") << "seed " << seed << "\n" << text_of(g);
  }
  if (!chosen) {
    EXPECT_GT(turned, 1000);
  }
}

TEST(LowerRandom, BatchesEqualTheOracle) {
  const char* chosen = std::getenv("SHOAL_TEST_SEED");
  const unsigned first = chosen ? std::atoi(chosen) : 1;
  const unsigned count = chosen ? 1 : 1000;
  int failed = 0;
  for (unsigned seed = first; seed < first + count && failed < 5; ++seed) {
    const RandomGraph random(seed);
    const Graph& g = random.graph();
    const int frames = 2 + static_cast<int>(seed % 4);
    std::string fault;
    try {
      fault = fault_of(g, batch_net(lower(g), frames), seed);
    } catch (const std::exception& e) {
      fault = e.what();
    }
    if (!fault.empty()) ++failed;
    EXPECT_EQ(fault, "") << "seed " << seed << ", " << frames << " frames\n"
                         << text_of(g);
  }
}

// Strides and lengths that a program can only say of several steps at once.
TEST(LowerRandom, LongSignalsEqualTheOracle) {
  int joined = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int lo, int hi) {
      return lo + static_cast<int>(random() % static_cast<unsigned>(hi - lo));
    };
    TestGraph t(seed);
    const int stride = 2 * pick(128, 200), channels = pick(1, 3);
    const int steps = seed % 8 == 0 ? 66000 : stride * pick(3, 6);
    const bool rows = seed % 2 == 0;
    int x = t.input(rows ? Shape{1, steps, 1, channels}
                         : Shape{1, 1, steps, channels});
    WindowAttr a;
    (rows ? a.kernel_h : a.kernel_w) = pick(1, 2 * stride);
    (rows ? a.stride_h : a.stride_w) = steps == 66000 ? 40 : stride;
    if (seed % 3 == 0 && steps != 66000) {
      const int before = stride * pick(0, 2) + pick(0, stride);
      const int after = 3 * stride - before % stride;
      x = rows ? t.pad(x, {0, before, 0, 0}, {0, after, 0, 0})
               : t.pad(x, {0, 0, before, 0}, {0, 0, after, 0});
    }
    t.graph.outputs = {t.conv(x, 3, a)};
    const Net net = lower(t.graph);
    joined += net.layers.back().in[0].box.channels() > channels;
    EXPECT_EQ(fault_of(t.graph, net, seed), "") << "seed " << seed;
  }
  EXPECT_EQ(joined, 60);
}

// Windows so tall that several layers share a signal's rows, beside a layer
// whose copies go.
TEST(LowerRandom, TallWindowsOfLongSignalsEqualTheOracle) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int lo, int hi) {
      return lo + static_cast<int>(random() % static_cast<unsigned>(hi - lo));
    };
    TestGraph t(seed);
    const int steps = 66000 + pick(0, 40), channels = pick(1, 3);
    WindowAttr a;
    a.kernel_h = pick(17, 40);
    a.dilation_h = pick(1, 3);
    a.pad_top = pick(0, 20);
    int x = t.input({1, steps, 1, channels});
    x = seed % 3 == 0 ? t.depthwise(x, a) : t.conv(x, channels, a);
    t.graph.outputs = {t.concatenation({x, t.conv(x, 2, window(1))}, 3)};
    const Net net = lower(t.graph);
    EXPECT_EQ(fault_of(t.graph, net, seed), "") << "seed " << seed;
    int shared = 0;
    for (const Layer& l : net.layers) {
      if (l.weights_of < 0) continue;
      ++shared;
      EXPECT_EQ(net.layers[static_cast<size_t>(l.weights_of)].weights.values,
                l.weights.values);
    }
    EXPECT_GT(shared, 0);
    EXPECT_EQ(fault_of(t.graph, batch_net(lower(t.graph), 2), seed), "")
        << "seed " << seed << ", two frames";
  }
}

}  // namespace
}  // namespace shoal
