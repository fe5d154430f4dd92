// `shoal run` of a float model: on this computer, without a plan.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "host/base/files.h"
#include "host/base/floats.h"
#include "host/data/image/testing/pictures.h"
#include "host/oracle/golden/trace.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

std::string data(const std::string& name) {
  return std::string(SHOAL_SOURCE_DIR "/host/model/onnx/testdata/") + name;
}

// Its input is 1 x 32 x 32 x 3, its output has ten classes.
const std::string kModel = data("mobilenet_v2.onnx");
const std::string kInput = data("mobilenet_v2.input.bin");

TEST(CliFloat, GivesTheFrameworksOutput) {
  const Workshop shop;
  const Told told = shop.shoal(
      {"run", kModel, kInput, "-o", "y.bin", "--trace", "t.tsv", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.err.find("computes in float32 on this computer: no plan; "
                          "shoal quantize makes it int8"),
            std::string::npos)
      << told.err;
  const auto got = floats_of(shop.read("y.bin"));
  const auto wanted = floats_of(read_file(data("mobilenet_v2.output.bin")));
  ASSERT_EQ(got.size(), wanted.size());
  const auto [low, high] = std::minmax_element(wanted.begin(), wanted.end());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], wanted[i], 1e-4f * std::max(-*low, *high)) << i;
  }
  const json told_json = json::parse(told.out);
  EXPECT_EQ(told_json["top"][0]["index"], high - wanted.begin());
  EXPECT_NEAR(told_json["top"][0]["score"].get<float>(), *high, 1e-4f);
  EXPECT_EQ(told_json["arena_bytes"], json::array());
  EXPECT_EQ(parse_trace(shop.read_text("t.tsv")).back().type, "FLOAT32");
}

TEST(CliFloat, PicturesAndLabels) {
  const Workshop shop;
  shop.write("p.bmp", make_bmp(40, 20, std::vector<uint8_t>(2400, 51)));
  const std::vector<float> same(32 * 32 * 3, 51 / 255.f);
  shop.write("p.bin", bytes_of(same));
  std::string labels;
  for (char c = 'a'; c < 'k'; ++c) labels += std::string("kind ") + c + "\n";
  shop.write("l.txt", {labels.begin(), labels.end()});

  const Told told = shop.shoal({"run", kModel, "p.bmp", "-o", "picture.y",
                                "--labels", "l.txt", "--top", "3"});
  ASSERT_EQ(told.code, 0) << told.err;
  const auto lines = lines_of(told.out);
  ASSERT_EQ(lines.size(), 4u) << told.out;
  EXPECT_NE(lines[0].find("kind "), std::string::npos) << told.out;
  EXPECT_NE(lines[3].find("in float32"), std::string::npos) << told.out;

  ASSERT_EQ(shop.shoal({"run", kModel, "p.bin", "-o", "bin.y"}).code, 0);
  EXPECT_EQ(shop.read("picture.y"), shop.read("bin.y"));
  // (51 - 0) / 255 said in flags.
  ASSERT_EQ(shop.shoal({"run", kModel, "p.bmp", "-o", "norm.y", "--mean", "0",
                        "--std", "255"})
                .code,
            0);
  EXPECT_EQ(shop.read("norm.y"), shop.read("bin.y"));
}

TEST(CliFloat, WhatIsOfPlansIsRefusedByItsName) {
  const Workshop shop;
  const std::vector<std::vector<std::string>> flags = {
      {"--ram", "64K"},      {"--board", "teensy41"}, {"--nodes", "2"},
      {"--batch", "2"},      {"--strategy", "layer"}, {"--objective", "ram"},
      {"--cluster", "c"},    {"--cuts", "c.toml"},    {"--flash", "0"},
      {"--store", "s"},      {"--max-writes", "1K"},  {"--no-encrypt"},
      {"--workers", "h:70"}, {"--storage", "qspi"},   {"--loss", "1%"}};
  for (const auto& extra : flags) {
    std::vector<std::string> arguments = {"run", kModel, kInput};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    const Told told = shop.shoal(arguments);
    EXPECT_EQ(told.code, 2) << extra[0] << told.err;
    EXPECT_EQ(told.out, "");
    EXPECT_NE(told.err.find("shoal: " + extra[0]), std::string::npos)
        << told.err;
  }
}

TEST(CliFloat, InputOfAnotherSizeIsRefused) {
  const Workshop shop;
  shop.write("x.bin", std::vector<uint8_t>(3072));
  const Told told = shop.shoal({"run", kModel, "x.bin"});
  EXPECT_EQ(told.code, 2);
  EXPECT_NE(told.err.find("3,072 bytes, the model's input has 12,288"),
            std::string::npos)
      << told.err;
}

TEST(CliFloat, IsNotSimulated) {
  const Workshop shop;
  for (const bool faults : {false, true}) {
    std::vector<std::string> words{"simulate", kModel, "random:1", "--nodes",
                                   "2"};
    if (faults) words.insert(words.end(), {"--fault", "kill:1@5ms"});
    const Told told = shop.shoal(words);
    EXPECT_EQ(told.code, 4) << told.err;
    EXPECT_NE(told.err.find("shoal quantize"), std::string::npos) << told.err;
  }
}

}  // namespace
}  // namespace shoal
