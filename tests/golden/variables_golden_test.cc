// Streaming models of the second golden set: variables that live from frame to
// frame. Every frame and layer by the oracle, on one node and on clusters with
// loss.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/board/board.h"
#include "host/engine/common/verify.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "host/oracle/int8/oracle.h"
#include "tests/judged_stream.h"
#include "tests/shared.h"

namespace shoal {
namespace {

Graph model(const std::string& name) {
  const auto folder = shared_dir() / "models_more";
  const auto file = folder / (name + ".tflite");
  return load_model(std::filesystem::exists(file)
                        ? file.string()
                        : (folder / "synth" / (name + ".tflite")).string());
}

std::vector<GoldenCase> cases(const std::string& name) {
  const auto folder = shared_dir() / "golden_more" / name;
  std::vector<GoldenCase> all;
  for (const std::string& c : golden_cases(folder)) {
    all.push_back(read_golden_case(folder, c));
  }
  EXPECT_FALSE(all.empty());
  return all;
}

// The frames of a sequence.
std::vector<Bytes> frames_of(const Graph& g, const Bytes& sequence) {
  size_t bytes = 0;
  for (const int t : g.inputs) {
    bytes += static_cast<size_t>(element_count(g.tensors[size_t(t)].shape));
  }
  EXPECT_EQ(sequence.size() % bytes, 0u);
  std::vector<Bytes> frames;
  for (auto at = sequence.begin(); at != sequence.end();
       at += static_cast<ptrdiff_t>(bytes)) {
    frames.emplace_back(at, at + static_cast<ptrdiff_t>(bytes));
  }
  return frames;
}

class Variables : public testing::TestWithParam<std::string> {
 protected:
  const Graph graph_ = model(GetParam());
  const std::vector<GoldenCase> cases_ = cases(GetParam());
};

TEST_P(Variables, TheOracleGivesEveryFrameAndLayer) {
  for (const GoldenCase& golden : cases_) {
    SCOPED_TRACE(golden.name);
    Kept kept = initial_values(graph_);
    Bytes output;
    std::vector<FrameTrace> traces;
    for (const Bytes& frame : frames_of(graph_, golden.input)) {
      const Values values = run_oracle(graph_, frame, kept);
      const Bytes part = model_output(graph_, values);
      output.insert(output.end(), part.begin(), part.end());
      traces.push_back(
          {static_cast<int>(traces.size()), make_trace(graph_, [&](int t) {
             return file_bytes(graph_, t, values[static_cast<size_t>(t)]);
           })});
    }
    EXPECT_EQ(output, golden.output);
    EXPECT_FALSE(golden.frames.empty());
    for (const FrameTrace& f : golden.frames) {
      const auto wrong = first_difference(
          f.trace, traces.at(static_cast<size_t>(f.frame)).trace,
          Columns::kAll);
      EXPECT_FALSE(wrong) << "frame " << f.frame << ": " << describe(*wrong);
      EXPECT_GT(f.trace.size(), 18u);
    }
  }
}

// Every frame of a case by the engine, every layer as the oracle has it.
void expect_frames(const Graph& g, const GoldenCase& golden, Engine& engine) {
  const std::vector<Bytes> frames = frames_of(g, golden.input);
  Kept kept = initial_values(g);
  Bytes output;
  size_t got = 0;
  engine.stream(in_turn(frames), [&](const Answer& a) {
    const Values oracle = run_oracle(g, frames[got], kept);
    const Verification v =
        judge_frame(g, a.output, a.values(), oracle, std::nullopt);
    if (v.wrong) {
      ADD_FAILURE() << golden.name << " frame " << got << ": "
                    << describe(*v.wrong);
    }
    EXPECT_GE(v.layers, 18u);
    output.insert(output.end(), a.output.begin(), a.output.end());
    ++got;
  });
  EXPECT_EQ(got, frames.size());
  EXPECT_EQ(output, golden.output);
}

std::unique_ptr<Engine> one_node_engine(const Graph& g,
                                        const PlanRequest& request) {
  auto p = std::make_shared<const Prepared>(prepare(g, request, Images::kNone));
  return node_engine(std::move(p), {}, true);
}

TEST_P(Variables, OneNodeGivesEveryFrameAndLayerTwice) {
  PlanRequest request = one_node(find_board("host"));
  for (const Objective objective : {Objective::kLatency, Objective::kRam}) {
    request.objective = objective;
    const auto engine = one_node_engine(graph_, request);
    for (const GoldenCase& golden : cases_) {
      SCOPED_TRACE(golden.name);
      expect_frames(graph_, golden, *engine);
      // Each stream begins with the initial values.
      expect_frames(graph_, golden, *engine);
    }
  }
}

// Head and records in the arena, weights on a tape.
TEST_P(Variables, ANodeWithoutMappedFlashDoes) {
  PlanRequest request = one_node(find_board("emcraft-sf2"));
  const auto engine = one_node_engine(graph_, request);
  for (const GoldenCase& golden : cases_) {
    SCOPED_TRACE(golden.name);
    expect_frames(graph_, golden, *engine);
  }
}

TEST_P(Variables, ClustersGiveEveryFrameAndLayer) {
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    for (const int nodes : {1, 2, 4, 8}) {
      SCOPED_TRACE(testing::Message() << strategy << " over " << nodes);
      const Cluster cluster = uniform_cluster(nodes, find_board("host"), {});
      auto p = std::make_shared<Prepared>(
          prepare(graph_, linked_nodes(cluster, strategy)));
      SimOptions run;
      run.costs = false;
      run.insecure = true;
      run.network.loss = nodes == 4 ? 0.1 : 0;
      VirtualEngine engine(p, cluster, run, true);
      for (const GoldenCase& golden : cases_) {
        SCOPED_TRACE(golden.name);
        expect_frames(graph_, golden, engine);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Variables,
                         testing::Values("esphome_hey_jarvis_v2",
                                         "ops_variables"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace shoal
