// The network of models/ with its samples, as its card and demo.sh say: the
// right classes, equal bytes on one small node and on eight.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/model/import/import.h"
#include "host/plan/types/progress.h"
#include "tests/bundled_files.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

TEST(Bundled, TheSamplesAreWhatTheirFoldersSay) {
  const Workshop shop;
  for (const std::vector<std::string>& plan :
       {std::vector<std::string>{"--ram", "20048"},
        std::vector<std::string>{"--nodes", "8", "--ram", "10K"}}) {
    std::vector<std::string> arguments{"evaluate",
                                       kNetwork,
                                       kModels + "samples",
                                       "--labels",
                                       kModels + "fashion_labels.txt",
                                       "--json"};
    arguments.insert(arguments.end(), plan.begin(), plan.end());
    const Told told = shop.shoal(arguments);
    ASSERT_EQ(told.code, 0) << told.err;
    const json said = json::parse(told.out);
    EXPECT_EQ(said.at("frames"), 20);
    EXPECT_EQ(said.at("top1_frames"), 20) << told.out;
  }
}

TEST(Bundled, EightNodesGiveOneNodesBytes) {
  const Workshop shop;
  const std::string picture = kModels + "samples/shirt/1.png";
  for (const auto& [file, nodes] : {std::pair{"one", "1"}, {"eight", "8"}}) {
    const Told told =
        shop.shoal({"run", kNetwork, picture, "--nodes", nodes, "--objective",
                    "ram", "--output", shop.path(file)});
    ASSERT_EQ(told.code, 0) << told.err;
  }
  const auto bytes = shop.read("one");
  EXPECT_EQ(bytes.size(), 10u);
  EXPECT_EQ(bytes, shop.read("eight"));
  EXPECT_EQ(shop.shoal({"verify", kNetwork, picture, "--nodes", "8", "--ram",
                        "16K", "--strategy", "spatial"})
                .code,
            0);
}

struct CountedPlans final : PlanWatcher {
  void tried(int64_t plans) override { count = plans; }
  void ended() override {}
  int64_t count = 0;
};

// Nodes of 512 KB are full of weights. Plans that save memory besides were half
// of all that was tried.
TEST(BundledLong, WeightsThatStayAreNoLackOfRoom) {
  CountedPlans watcher;
  PlanProgress::watch(&watcher);
  const Prepared p = prepare(
      load_model(kNetwork),
      linked_nodes(uniform_cluster(8, find_board("teensy41"), {}), "auto"));
  PlanProgress::watch(nullptr);
  EXPECT_GT(p.plan.nodes[0].arena_bytes, 400u * 1024);
  EXPECT_LT(watcher.count, 250);
}

// From the file that torch wrote to four nodes, as the tutorial goes.
TEST(Bundled, ATransformerGoesFromTorchToFourNodes) {
  const Workshop shop;
  const std::string words = kModels + "keywords";
  const auto ok = [&](const std::vector<std::string>& arguments) {
    const Told told = shop.shoal(arguments);
    EXPECT_EQ(told.code, 0) << told.err;
    return told.out;
  };
  ok({"quantize", kModels + "keyword_transformer.onnx", "--calibrate", words,
      "--labels", kModels + "keyword_labels.txt", "-o", "int8.tflite"});
  const json said = json::parse(
      ok({"evaluate", "int8.tflite", words, "--labels",
          kModels + "keyword_labels.txt", "--nodes", "4", "--json"}));
  EXPECT_EQ(said.at("frames"), 20);
  EXPECT_GE(said.at("top1_frames"), 18) << said;
  const std::string word = words + "/stop/0.npy";
  for (const char* nodes : {"1", "4"}) {
    ok({"run", "int8.tflite", word, "--nodes", nodes, "--output",
        std::string("on") + nodes});
  }
  EXPECT_EQ(shop.read("on1").size(), 10u);
  EXPECT_EQ(shop.read("on1"), shop.read("on4"));
  for (const char* strategy : {"auto", "heads", "spatial"}) {
    ok({"verify", "int8.tflite", word, "--nodes", "4", "--strategy", strategy});
  }
}

TEST(Bundled, NoNodeOf64KBHoldsItsTensorsWhole) {
  const Workshop shop;
  const Told told = shop.shoal({"inspect", kNetwork, "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_GT(json::parse(told.out).at("largest_layer_bytes"), 64 * 1024);
  EXPECT_LT(std::filesystem::file_size(kNetwork), 4'000'000u);
}

}  // namespace
}  // namespace shoal
