// examples/classify.c, as a stranger builds it: from device/ alone, with
// ciphers and without, and from a package in each way that finds it; its
// program image made by `shoal build`. And the example in C++.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "host/base/files.h"
#include "host/data/image/picture.h"
#include "host/model/import/import.h"
#include "tests/command.h"

namespace shoal {
namespace {

const std::string kModels = std::string(SHOAL_SOURCE_DIR) + "/models/";
const std::string kNetwork = kModels + "fashion_mobilenet_v2.tflite";

// A picture as the network's input, as a grey PGM.
std::vector<uint8_t> pgm_of(const Graph& graph, const std::string& file) {
  const Picture picture = decode_picture(read_file(file), file);
  const std::string head = "P5 96 96 255\n";
  std::vector<uint8_t> pgm(head.begin(), head.end());
  for (const uint8_t b : picture_input(graph, picture, {})) {
    pgm.push_back(b ^ 0x80);
  }
  return pgm;
}

class Classify : public testing::TestWithParam<std::string> {};

TEST_P(Classify, SaysWhatShoalRunSays) {
  const Workshop shop;
  const Graph graph = load_model(kNetwork);
  ASSERT_EQ(
      shop.shoal({"build", kNetwork, "--no-encrypt", "--store", "store"}).code,
      0);
  const std::string classify = SHOAL_BUILD "/" + GetParam() +
                               "/classify store/node0.program picture.pgm";
  const std::vector<std::string> labels = {
      "t-shirt", "trouser", "pullover", "dress", "coat",
      "sandal",  "shirt",   "sneaker",  "bag",   "ankle-boot"};
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string sample = kModels + "samples/" + labels[i] + "/1.png";
    shop.write("picture.pgm", pgm_of(graph, sample));
    ASSERT_EQ(shop.shoal({"run", kNetwork, sample, "--output", "scores"}).code,
              0);
    const int score = static_cast<int8_t>(shop.read("scores").at(i));
    const Told told = shop.script(classify);
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.out, "class " + std::to_string(i) + ", score " +
                            std::to_string(score) + "\n");
  }
}

TEST_P(Classify, WhatIsWrongIsSaid) {
  const Workshop shop;
  const std::string classify = SHOAL_BUILD "/" + GetParam() + "/classify ";
  ASSERT_EQ(
      shop.shoal({"build", kNetwork, "--no-encrypt", "--store", "store"}).code,
      0);
  std::vector<uint8_t> program = shop.read("store/node0.program");
  program[program.size() / 2] ^= 1;
  shop.write("changed", program);
  shop.write("picture.pgm", {'P', '5'});
  const auto said = [&](const std::string& arguments) {
    const Told told = shop.script(classify + arguments);
    EXPECT_EQ(told.code, 1);
    return told.err;
  };
  EXPECT_EQ(said("picture.pgm picture.pgm"),
            "the program ends before what it announces\n");
  EXPECT_EQ(said("changed picture.pgm"),
            "the program does not have its hash\n");
  EXPECT_EQ(said("store/node0.program picture.pgm"), "not a picture\n");
  EXPECT_EQ(said("picture.pgm"), "usage: classify PROGRAM PICTURE\n");
}

INSTANTIATE_TEST_SUITE_P(
    Ways, Classify,
    testing::Values("device-alone/full", "device-alone/bare",
                    "device-package/find", "device-package/find_all",
                    "device-package/subdirectory", "device-package/pkg_config",
                    "device-package/pkg_config_with_mbedtls",
                    "device-package/pkg_config_all"));

TEST(ClassifyFrames, OneNodeTakesOnePictureAfterAnother) {
  const Workshop shop;
  const Graph graph = load_model(kNetwork);
  ASSERT_EQ(
      shop.shoal({"build", kNetwork, "--no-encrypt", "--store", "store"}).code,
      0);
  const std::string build = SHOAL_BUILD "/device-alone/bare/";
  std::string pictures, wanted;
  for (const char* label : {"bag", "dress", "bag"}) {
    const std::string name = std::string(label) + ".pgm";
    shop.write(name, pgm_of(graph, kModels + "samples/" + label + "/1.png"));
    pictures += " " + name;
    const Told one =
        shop.script(build + "classify store/node0.program " + name);
    ASSERT_EQ(one.code, 0) << one.err;
    wanted += one.out;
  }
  const Told told =
      shop.script(build + "classify_frames store/node0.program" + pictures);
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.out, wanted);
  shop.write("short.pgm", {'P', '5', ' ', '1', ' ', '1', ' ', '1', '\n', 0});
  EXPECT_EQ(
      shop.script(build + "classify_frames store/node0.program short.pgm").err,
      "not a picture, or too small\n");
}

}  // namespace
}  // namespace shoal
