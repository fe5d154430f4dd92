// examples/classify.c, as a stranger builds it: from device/ alone, with
// ciphers and without, and from a package in each way that finds it; its
// program image made by `shoal build`. And the example in C++.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
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

struct Sample {
  std::string picture;  // in the workshop
  int score;            // of its own class, as `shoal run` has it
};

// The input that every way gets, made once: the program, a picture of each
// class, and the output of `shoal run`.
class Classify : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    shop_ = std::make_unique<Workshop>();
    samples_.clear();
    const Graph graph = load_model(kNetwork);
    ASSERT_EQ(
        shop_->shoal({"build", kNetwork, "--no-encrypt", "--store", "store"})
            .code,
        0);
    for (const char* label :
         {"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt",
          "sneaker", "bag", "ankle-boot"}) {
      const std::string sample = kModels + "samples/" + label + "/1.png";
      const std::string name = std::string(label) + ".pgm";
      shop_->write(name, pgm_of(graph, sample));
      const Told told =
          shop_->shoal({"run", kNetwork, sample, "--output", "scores"});
      ASSERT_EQ(told.code, 0) << told.err;
      const uint8_t score = shop_->read("scores").at(samples_.size());
      samples_.push_back({name, static_cast<int8_t>(score)});
    }
  }
  static void TearDownTestSuite() { shop_.reset(); }
  static std::string classify() {
    return SHOAL_BUILD "/" + GetParam() + "/classify ";
  }

  static std::unique_ptr<Workshop> shop_;
  static std::vector<Sample> samples_;
};
std::unique_ptr<Workshop> Classify::shop_;
std::vector<Sample> Classify::samples_;

TEST_P(Classify, SaysWhatShoalRunSays) {
  ASSERT_EQ(samples_.size(), 10u);
  for (size_t i = 0; i < samples_.size(); ++i) {
    const Told told = shop_->script(classify() + "store/node0.program " +
                                    samples_[i].picture);
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.out, "class " + std::to_string(i) + ", score " +
                            std::to_string(samples_[i].score) + "\n");
  }
}

TEST_P(Classify, TheExamplesPictureIsABag) {
  const Told told = shop_->script(classify() + "store/node0.program " +
                                  SHOAL_SOURCE_DIR "/examples/bag.pgm");
  EXPECT_EQ(told.out, "class 8, score 99\n") << told.err;
}

TEST_P(Classify, WhatIsWrongIsSaid) {
  std::vector<uint8_t> program = shop_->read("store/node0.program");
  program[program.size() / 2] ^= 1;
  shop_->write("changed", program);
  shop_->write("picture.pgm", {'P', '5'});
  const auto said = [&](const std::string& arguments) {
    const Told told = shop_->script(classify() + arguments);
    EXPECT_EQ(told.code, 1);
    return told.err;
  };
  EXPECT_EQ(said("picture.pgm picture.pgm"),
            "the program ends before what it announces\n");
  EXPECT_EQ(said("changed picture.pgm"),
            "the program does not have its hash\n");
  EXPECT_EQ(said("store/node0.program picture.pgm"),
            "not a grey picture of the network's size\n");
  // Another network's picture, and what is none.
  shop_->write("wide.pgm", std::vector<uint8_t>(200 * 200 + 15, 1));
  shop_->script("printf 'P5 200 200 255\\n' | dd of=wide.pgm conv=notrunc");
  shop_->script("sed '1s/255/100/' " + samples_[0].picture + " >dark.pgm");
  for (const char* const file :
       {"wide.pgm", "dark.pgm", "store/node0.program"}) {
    EXPECT_EQ(said(std::string("store/node0.program ") + file),
              "not a grey picture of the network's size\n");
  }
  EXPECT_EQ(said("picture.pgm"),
            "usage: classify DIR/node0.program PICTURE.pgm\n");
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
      "not a grey picture of the network's size\n");
}

}  // namespace
}  // namespace shoal
