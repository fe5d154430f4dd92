// The network of models/ with its samples, as its card and demo.sh say: the
// right classes, equal bytes on one small node and on eight.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

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
  EXPECT_EQ(
      shop.shoal({"verify", kNetwork, picture, "--nodes", "8", "--ram", "10K"})
          .code,
      0);
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
