// Loops of a stream: ten frames of five rows give what one frame of fifty rows
// gives, in float32 and byte for byte in int8 and int16, under every plan, and
// also when a node is lost in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "host/base/error.h"
#include "host/base/floats.h"
#include "host/base/testing/expect_throws.h"
#include "host/base/testing/noise.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/faults/faulted_run.h"
#include "host/engine/local/float_engine.h"
#include "host/engine/local/node_engine.h"
#include "host/model/export/export.h"
#include "host/model/graph/carried_states.h"
#include "host/model/graph/difference.h"
#include "host/model/graph/loops.h"
#include "host/model/import/import.h"
#include "host/oracle/float/float_oracle.h"
#include "host/oracle/int8/oracle.h"
#include "host/quantize/quantize.h"
#include "tests/judged_stream.h"
#include "tests/recurrent_layer.h"

namespace shoal {
namespace {

constexpr int kStreamFrames = 10, kFrameRows = 5;

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& p : parts) all.insert(all.end(), p.begin(), p.end());
  return all;
}

std::vector<Bytes> split(const Bytes& all) {
  std::vector<Bytes> parts;
  const auto size = static_cast<ptrdiff_t>(all.size()) / kStreamFrames;
  for (auto at = all.begin(); at != all.end(); at += size) {
    parts.emplace_back(at, at + size);
  }
  return parts;
}

Graph float_layer(LayerSizes sizes, int steps) {
  sizes.steps = steps;
  return RecurrentLayer(sizes).graph();
}

// As files have it.
Graph quantized_layer(const LayerSizes& sizes, int steps, bool int16) {
  QuantizeOptions options;
  options.int16 = int16;
  options.ranges = RangeMethod::kMinMax;
  return import_tflite(
      export_tflite(quantize_unseen(float_layer(sizes, steps), options)), "m");
}

std::vector<Bytes> answers(Engine& engine, const std::vector<Bytes>& frames) {
  std::vector<Bytes> all;
  engine.stream(in_turn(frames),
                [&](const Answer& a) { all.push_back(a.output); });
  return all;
}

// The frames of a stream, and what each has to give.
struct LoopStream {
  LoopStream(const LayerSizes& sizes, bool int16)
      : graph(with_carried_states(quantized_layer(sizes, kFrameRows, int16))) {
    const Graph whole =
        quantized_layer(sizes, kStreamFrames * kFrameRows, int16);
    const auto bytes =
        noise<int8_t>(static_cast<size_t>(kStreamFrames * kFrameRows *
                                          sizes.inputs * (int16 ? 2 : 1)),
                      7);
    const Bytes all(bytes.begin(), bytes.end());
    frames = split(all);
    expected = split(model_output(whole, run_oracle(whole, all)));
  }
  Graph graph;
  std::vector<Bytes> frames, expected;
};

class LoopStreams : public testing::TestWithParam<LayerSizes> {};

TEST_P(LoopStreams, FloatFramesAreOneSequence) {
  const Graph whole = float_layer(GetParam(), kStreamFrames * kFrameRows);
  const Floats x =
      some_floats(kStreamFrames * kFrameRows * GetParam().inputs, 9);
  FloatOracle oracle(whole);
  oracle.run(x);
  const auto frames = split(bytes_of(x));
  FloatEngine engine(std::make_shared<const Graph>(
      with_carried_states(float_layer(GetParam(), kFrameRows))));
  EXPECT_TRUE(engine.keeps_variables());
  const Bytes wanted = bytes_of(oracle.output());
  EXPECT_TRUE(joined(answers(engine, frames)) == wanted);
  // Another sequence begins with the initial states.
  EXPECT_TRUE(joined(answers(engine, frames)) == wanted);
}

TEST_P(LoopStreams, FramesAreOneSequenceOnEveryPlan) {
  for (const bool int16 : {false, true}) {
    const LoopStream s(GetParam(), int16);
    ASSERT_EQ(s.graph.variables.size(), GetParam().is_lstm() ? 2U : 1U);
    PlanRequest request = one_node(find_board("host"));
    request.objective = Objective::kRam;
    auto alone = std::make_shared<const Prepared>(prepare(s.graph, request));
    const auto engine = node_engine(alone, {}, true);
    EXPECT_TRUE(answers(*engine, s.frames) == s.expected) << int16;
    for (const int nodes : {2, 4}) {
      const auto linked = free_nodes(s.graph, nodes);
      EXPECT_TRUE(answers(*linked, s.frames) == s.expected)
          << nodes << " nodes " << int16;
    }
  }
}

// Returns the outputs, and adds up how often frames were run again.
std::vector<Bytes> run_with_loss(const LoopStream& s, int node, uint64_t event,
                                 int& repeats) {
  FaultedOptions o;
  o.mirror_every = 3;
  o.sim.frames = kStreamFrames;
  o.sim.input = [&](int f) { return s.frames[static_cast<size_t>(f)]; };
  std::vector<Bytes> outputs(kStreamFrames);
  o.sim.output = [&](int f, const Bytes& y) {
    outputs[static_cast<size_t>(f)] = y;
  };
  o.sim.costs = false;
  o.faults.push_back({.node = node, .event = event});
  Cluster cluster = uniform_cluster(3, find_board("host"), {});
  for (ClusterNode& n : cluster.nodes) n.ram = n.flash = 512 << 10;
  const FaultedRun run =
      run_with_faults(s.graph, linked_nodes(cluster, "spatial"), o);
  for (const int r : run.repeats) repeats += r;
  return outputs;
}

TEST_P(LoopStreams, AMirrorOutlivesALostNode) {
  const LoopStream s(GetParam(), false);
  int repeats = 0;
  for (int node = 0; node < 3; ++node) {
    for (const uint64_t event : {40, 60, 90, 120, 150}) {
      EXPECT_TRUE(run_with_loss(s, node, event, repeats) == s.expected)
          << "node " << node << " at event " << event;
    }
  }
  EXPECT_GT(repeats, 0);
}

// Returns a file whose own variables are the states, and which says the same
// when it is read again.
Graph streaming_file(const LayerSizes& sizes, bool int16) {
  QuantizeOptions options;
  options.int16 = int16;
  options.ranges = RangeMethod::kMinMax;
  const Graph made = quantize_unseen(
      with_carried_states(float_layer(sizes, kFrameRows)), options);
  const Graph again = import_tflite(export_tflite(made), made.name);
  EXPECT_EQ(graph_difference(again, with_operands(made)), "");
  EXPECT_EQ(again.variables.size(), sizes.is_lstm() ? 2U : 1U);
  return again;
}

TEST_P(LoopStreams, FilesKeepTheirStates) {
  for (const bool int16 : {false, true}) {
    LoopStream s(GetParam(), int16);
    s.graph = streaming_file(GetParam(), int16);
    auto alone = std::make_shared<const Prepared>(
        prepare(s.graph, one_node(find_board("host"))));
    const auto engine = node_engine(alone, {}, true);
    EXPECT_TRUE(answers(*engine, s.frames) == s.expected) << int16;
  }
}

INSTANTIATE_TEST_SUITE_P(Onnx, LoopStreams,
                         testing::Values(LayerSizes{.type = "LSTM"},
                                         LayerSizes{.type = "GRU", .units = 9},
                                         LayerSizes{.type = "GRU",
                                                    .resets_after = false},
                                         LayerSizes{.type = "RNN"}));

// States that are outputs, too, have one slice of the last row.
TEST(LoopStreamFiles, HandOnAStateThatTheyKeep) {
  RecurrentLayer layer({.type = "LSTM", .steps = kFrameRows});
  layer.outputs.emplace_back("h1");
  const Graph made =
      quantize_unseen(with_carried_states(layer.graph()), QuantizeOptions{});
  EXPECT_EQ(std::ranges::count(made.ops, OpKind::kSlice, &Op::kind), 2);
  const Graph again = import_tflite(export_tflite(made), made.name);
  EXPECT_EQ(graph_difference(again, with_operands(made)), "");
}

// Later frames have values of a cell that the steps of one frame do not reach.
TEST(LoopStreamFiles, FramesToCalibrateAreOneSequence) {
  RecurrentLayer layer({.type = "LSTM", .steps = kFrameRows});
  const Graph plain = layer.graph();
  const Graph carried = with_carried_states(plain);
  const Calibration frames = wave_frames(plain, 20, 3);
  QuantizeReport report;
  const QuantizeOptions options{.ranges = RangeMethod::kMinMax};
  const Graph once = quantize(plain, frames, options, report);
  const Graph stream = quantize(carried, frames, options, report);
  EXPECT_EQ(stream.inputs.size(), plain.inputs.size());
  ASSERT_EQ(stream.variables.size(), 2U);
  FloatOracle oracle(carried);
  float lowest = 0, highest = 0;
  for (int64_t f = 0; f < frames.count; ++f) {
    const FloatValues& all = oracle.run(frames.frame(f));
    for (const float v : all[size_t(carried.variables[1].after)]) {
      lowest = std::min(lowest, v), highest = std::max(highest, v);
    }
  }
  const auto width = [](const Graph& g) {
    float most = 0;
    for (const Loop& loop : find_loops(g)) {
      for (const LoopState& state : loop_states(g, loop)) {
        most = std::max(most, g.tensors[size_t(state.before)].scale() * 255);
      }
    }
    return most;
  };
  EXPECT_GT(width(stream), (highest - lowest) * 0.99F);
  EXPECT_GT(width(stream), width(once));
  EXPECT_GT(report.output_snr_db, 20);
}

TEST(LoopStreamErrors, NoLoopThatReadsBackwards) {
  for (const char* direction : {"reverse", "bidirectional"}) {
    const LayerSizes sizes{.type = "GRU", .direction = direction};
    for (const Graph& g : {float_layer(sizes, kFrameRows),
                           quantized_layer(sizes, kFrameRows, false)}) {
      expect_throws([&] { with_carried_states(g); }, Exit::kUnsupported,
                    "reads a sequence from its");
    }
  }
}

// The file says itself what the state before the frame is.
TEST(LoopStreamErrors, StatesThatAreInputsStayInputs) {
  const LayerSizes sizes{.type = "LSTM", .states = true};
  const Graph g = float_layer(sizes, kFrameRows);
  const Graph carried = with_carried_states(g);
  EXPECT_TRUE(carried.variables.empty());
  EXPECT_EQ(carried.inputs, g.inputs);
  EXPECT_EQ(carried.ops.size(), g.ops.size());
}

}  // namespace
}  // namespace shoal
