// Sequences on the command line: a model that keeps variables runs frame by
// frame on one node, on virtual ones and on worker processes, all alike; what
// would run frames apart from each other is refused.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "host/base/testing/noise.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/oracle/int8/oracle.h"
#include "tests/cli/keeping_model.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"
#include "tests/recurrent_layer.h"

namespace shoal {
namespace {

using nlohmann::json;
using Arguments = std::vector<std::string>;

constexpr size_t kFrame = kKeepingFrameBytes, kFrames = 5, kOutput = 8;

class CliVariables : public testing::Test {
 protected:
  CliVariables() {
    shop_.write("m.tflite", keeping_model());
    const std::vector<int8_t> bytes = noise<int8_t>(kFrames * kFrame, 5);
    shop_.write("x.bin", {bytes.begin(), bytes.end()});
    shop_.write("one.bin", {bytes.begin(), bytes.begin() + kFrame});
    const Graph g = import_tflite(keeping_model(), "m");
    Kept kept = initial_values(g);
    for (size_t f = 0; f < kFrames; ++f) {
      const auto at = bytes.begin() + static_cast<ptrdiff_t>(f * kFrame);
      const std::vector<uint8_t> frame(at, at + kFrame);
      const auto part = model_output(g, run_oracle(g, frame, kept));
      expected_.insert(expected_.end(), part.begin(), part.end());
    }
  }
  void expect_refused(const Arguments& arguments, int code,
                      const std::string& text) {
    const Told told = shop_.shoal(arguments);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(text), std::string::npos) << told.err;
    EXPECT_EQ(told.out, "");
  }

  Workshop shop_;
  std::vector<uint8_t> expected_;
};

// Each of them is another reader of the value that the variable keeps.
TEST_F(CliVariables, AnOutputMayBeListedFourTimes) {
  shop_.write("four.tflite", keeping_model(4));
  std::vector<uint8_t> expected;
  for (size_t f = 0; f < kFrames; ++f) {
    const auto at = expected_.begin() + static_cast<ptrdiff_t>(f * kOutput);
    for (int i = 0; i < 4; ++i) {
      expected.insert(expected.end(), at, at + kOutput);
    }
  }
  for (const char* nodes : {"1", "2"}) {
    const Told told = shop_.shoal({"run", "four.tflite", "x.bin", "--stream",
                                   "--nodes", nodes, "-o", "y.bin"});
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("y.bin"), expected) << nodes << " nodes";
  }
}

TEST_F(CliVariables, ASequenceRunsOnOneNodeAndOnSeveral) {
  EXPECT_EQ(expected_.size(), kFrames * kOutput);
  const std::vector<Arguments> ways{{},
                                    {"--nodes", "2"},
                                    {"--nodes", "4", "--strategy", "kernel"},
                                    {"--nodes", "3", "--loss", "10%"}};
  std::string trace;
  for (const Arguments& way : ways) {
    Arguments all{"run",     "m.tflite", "x.bin", "--stream",
                  "--trace", "t.tsv",    "-o",    "y.bin"};
    all.insert(all.end(), way.begin(), way.end());
    const Told told = shop_.shoal(all);
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("y.bin"), expected_);
    const std::string now = shop_.read_text("t.tsv");
    if (trace.empty()) trace = now;
    EXPECT_EQ(now, trace);
    for (size_t f = 0; f < kFrames; ++f) {
      EXPECT_NE(now.find("\n#frame " + std::to_string(f) + "\n"),
                std::string::npos);
    }
  }
  // Without a sequence, the first frame's values are printed.
  const Told one = shop_.shoal({"run", "m.tflite", "one.bin", "-o", "y.bin"});
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(
      shop_.read("y.bin"),
      (std::vector<uint8_t>{expected_.begin(), expected_.begin() + kOutput}));
}

TEST_F(CliVariables, VerifyAndSimulateTakeASequence) {
  for (const Arguments& way : {Arguments{}, Arguments{"--nodes", "2"}}) {
    Arguments all{"verify", "m.tflite", "x.bin", "--stream", "--json"};
    all.insert(all.end(), way.begin(), way.end());
    const Told told = shop_.shoal(all);
    ASSERT_EQ(told.code, 0) << told.err;
    const json j = json::parse(told.out);
    EXPECT_EQ(j["equal"], true);
    EXPECT_EQ(j["results"][0]["frames"], kFrames);
    EXPECT_EQ(j["results"][0]["layers"], 6 * kFrames);
    all[0] = "simulate";
    const Told simulated = shop_.shoal(all);
    ASSERT_EQ(simulated.code, 0) << simulated.err;
    EXPECT_EQ(json::parse(simulated.out)["frames"], kFrames);
  }
}

TEST_F(CliVariables, APlanNamesWhatIsKept) {
  const Told told = shop_.shoal({"plan", "m.tflite", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json kept = json::parse(told.out)["nodes"][0]["variables"];
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0]["bytes"], 8);
  EXPECT_EQ(kept[1]["bytes"], 5 * 6 * 3);
  const Told text = shop_.shoal({"plan", "m.tflite"});
  EXPECT_NE(text.out.find("variables"), std::string::npos) << text.out;
}

// Without --stream a loop begins each frame with its first states, so the
// plans are of two networks.
TEST_F(CliVariables, APlanForAStreamOfLoopsRunsIt) {
  RecurrentLayer layer({"LSTM"});
  layer.b.node("LSTM", layer.inputs, layer.outputs, layer.attributes);
  layer.b.output("y");
  shop_.write("lstm.onnx", layer.b.finish());
  ASSERT_EQ(shop_
                .shoal({"quantize", "lstm.onnx", "-o", "q.tflite",
                        "--calibrate", "random:1"})
                .code,
            0);
  const std::vector<int8_t> bytes = noise<int8_t>(3 * 7 * 5, 5);
  shop_.write("rows.bin", {bytes.begin(), bytes.end()});
  ASSERT_EQ(shop_
                .shoal({"run", "q.tflite", "rows.bin", "--stream", "-o",
                        "searched.bin"})
                .code,
            0);
  for (const bool streams : {false, true}) {
    Arguments plans = {"plan", "q.tflite", "-o", "p.json"};
    if (streams) plans.push_back("--stream");
    const Told planned = shop_.shoal(plans);
    ASSERT_EQ(planned.code, 0) << planned.err;
    const Told ran = shop_.shoal({"run", "q.tflite", "rows.bin", "--stream",
                                  "--plan", "p.json", "-o", "planned.bin"});
    EXPECT_EQ(ran.code, streams ? 0 : 2) << ran.err;
    const bool names_it =
        ran.err.find("--stream if it runs so") != ran.err.npos;
    EXPECT_NE(names_it, streams) << ran.err;
  }
  EXPECT_EQ(shop_.read("planned.bin"), shop_.read("searched.bin"));
}

TEST_F(CliVariables, AStoreKeepsThemToo) {
  ASSERT_EQ(shop_
                .shoal({"build", "m.tflite", "--flash", "0", "--no-encrypt",
                        "--store", "s"})
                .code,
            0);
  const Told told = shop_.shoal({"run", "--store", "s", "x.bin", "--stream",
                                 "--no-encrypt", "-o", "y.bin"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.read("y.bin"), expected_);
  expect_refused(
      {"run", "--store", "s", "one.bin", "--no-encrypt", "--frames", "2"}, 2,
      "keeps variables from frame to frame");
}

TEST_F(CliVariables, WhatRunsFramesApartIsRefused) {
  const std::string why = "keeps variable";
  expect_refused({"run", "m.tflite", "one.bin", "--frames", "2"}, 2, why);
  expect_refused({"run", "m.tflite", "one.bin", "--batch", "2"}, 2, why);
  expect_refused({"verify", "m.tflite", "one.bin", "one.bin"}, 2, why);
  expect_refused({"run", "m.tflite", "x.bin", "--stream", "--frames", "2"}, 2,
                 "--frames");
  expect_refused({"run", "m.tflite", "x.bin"}, 2, "the model's input has 36");
  shop_.write("odd.bin", std::vector<uint8_t>(kFrame + 1));
  expect_refused(
      {"run", "m.tflite", "odd.bin", "--stream"}, 2,
      "37 bytes are not whole frames of 36, as --stream wants them one after "
      "another\n  give raw frames in a file of their size");
  shop_.write("none.bin", {});
  expect_refused({"run", "m.tflite", "none.bin", "--stream"}, 2,
                 "not whole frames");
  expect_refused({"simulate", "m.tflite", "--stream"}, 2,
                 "--stream needs an INPUT");
}

TEST_F(CliVariables, WorkersKeepThemForASession) {
  const Arguments how{"worker", "--insecure", "--listen", "127.0.0.1:0",
                      "--ram",  "64K",        "--flash",  "1M"};
  std::string addresses;
  std::vector<std::unique_ptr<Background>> workers;
  for (int i = 0; i < 2; ++i) {
    workers.push_back(std::make_unique<Background>(shop_, how));
    const std::string said = workers.back()->line();
    const std::string before = "listening on ";
    ASSERT_EQ(said.rfind(before, 0), 0u) << said;
    addresses += (i ? "," : "") + said.substr(before.size());
  }
  const Arguments run{"run",      "m.tflite",   "x.bin",
                      "--stream", "--insecure", "--workers",
                      addresses,  "-o",         "y.bin"};
  for (int pass = 0; pass < 2; ++pass) {  // each session from the beginning
    const Told told = shop_.shoal(run);
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("y.bin"), expected_);
  }
}

// A worker is killed in the middle of a sequence.
class CliVariablesLost : public CliVariables {
 protected:
  static constexpr size_t kMany = 3000;
  CliVariablesLost() {
    const std::vector<int8_t> bytes = noise<int8_t>(kMany * kFrame, 9);
    shop_.write("x.bin", {bytes.begin(), bytes.end()});
    for (int i = 0; i < 3; ++i) {
      workers_.push_back(std::make_unique<RunningWorker>(
          shop_, Arguments{"--insecure", "--name", "w" + std::to_string(i)}));
      addresses_ += (i ? "," : "") + workers_.back()->address;
    }
  }
  Told run(const std::string& flags) {
    return shop_.script(
        "$SHOAL -v run m.tflite x.bin --stream --insecure -o y.bin --workers " +
        addresses_ + " --strategy spatial " + flags +
        " >told 2>&1 & run=$!\n"
        "until grep -q 'frame 99 has its answer' told || ! kill -0 $run; do "
        "sleep 0.01; done\nkill -9 " +
        std::to_string(workers_[1]->process.id()) +
        "\nwait $run; code=$?; cat told; exit $code");
  }
  std::vector<std::unique_ptr<RunningWorker>> workers_;
  std::string addresses_;
};

TEST_F(CliVariablesLost, TheSequenceGoesOnFromACopy) {
  const Told alone =
      shop_.shoal({"run", "m.tflite", "x.bin", "--stream", "-o", "alone.bin"});
  ASSERT_EQ(alone.code, 0) << alone.err;
  const Told told = run("--on-loss replan --state mirror:7");
  ASSERT_EQ(told.code, 0) << told.out;
  EXPECT_NE(told.out.find("going on with 2 nodes"), told.out.npos) << told.out;
  EXPECT_NE(told.out.find("the sequence goes on from its copy: frames "),
            told.out.npos);
  // 98 bytes of variables, and every copy has them all.
  EXPECT_NE(told.out.find("copies of 98 B (0.1 KB) of variables, every 7"),
            told.out.npos)
      << told.out;
  EXPECT_EQ(shop_.read("y.bin"), shop_.read("alone.bin"));
}

TEST_F(CliVariablesLost, OrItsEndIsToldWithTheVariables) {
  const Told told = run("--on-loss replan --node-timeout 1");
  EXPECT_EQ(told.code, 6) << told.out;
  EXPECT_NE(told.out.find("; the sequence ends with frame "), told.out.npos);
  EXPECT_NE(told.out.find("--state mirror"), told.out.npos) << told.out;
}

TEST_F(CliVariables, WhatBecomesOfThemIsAskedWithKnownWords) {
  for (const char* state : {"keep", "mirror:", "mirror:0", "mirror:1x"}) {
    expect_refused({"run", "m.tflite", "x.bin", "--stream", "--workers",
                    "127.0.0.1:9", "--insecure", "--state", state},
                   2, "--state");
  }
  expect_refused({"run", "m.tflite", "x.bin", "--stream", "--state", "mirror"},
                 2, "--state");
  expect_refused({"simulate", "m.tflite", "--nodes", "2", "--state", "mirror"},
                 2, "--state says what happens after a --fault");
}

TEST_F(CliVariables, FaultsOfASequenceInVirtualTime) {
  const Arguments fault{"simulate", "m.tflite",   "x.bin",   "--stream",
                        "--nodes",  "3",          "--fault", "kill:1@100us",
                        "--json",   "--strategy", "spatial"};
  Arguments mirrored = fault;
  mirrored.insert(mirrored.end(), {"--state", "mirror:2"});
  const Told told = shop_.shoal(mirrored);
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  EXPECT_EQ(j["equal"], true);
  EXPECT_EQ(j["nodes_at_end"], 2);
  const Told lost = shop_.shoal(fault);
  EXPECT_EQ(lost.code, 6) << lost.err;
  EXPECT_NE((lost.out + lost.err).find("the sequence ends with frame "),
            std::string::npos);
}

}  // namespace
}  // namespace shoal
