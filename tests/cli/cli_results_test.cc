// Inputs as people have them, and what they want to see: many pictures and
// folders of every kind at once, arrays, and answers as tables, JSON and files.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/data/array/npy.h"
#include "host/data/image/draw.h"
#include "host/data/image/testing/pictures.h"
#include "host/model/import/testing/model_builder.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

const std::string kModels = std::string(SHOAL_SOURCE_DIR) + "/models/";
const std::string kNetwork = kModels + "fashion_mobilenet_v2.tflite";
const std::string kBag = kModels + "samples/bag/0.png";

Told run(const Workshop& shop, std::vector<std::string> inputs,
         const std::vector<std::string>& more = {}) {
  inputs.insert(inputs.begin(), {"run", kNetwork});
  inputs.insert(inputs.end(), {"--labels", kModels + "fashion_labels.txt"});
  inputs.insert(inputs.end(), more.begin(), more.end());
  return shop.shoal(inputs);
}

json said(const Told& told) {
  EXPECT_EQ(told.code, 0) << told.err;
  return told.code == 0 ? json::parse(told.out) : json::object();
}

std::string best(const json& result) {
  return result.at("top").at(0).at("label");
}

TEST(Inputs, ManyFilesAndFoldersInOneRun) {
  const Workshop shop;
  const json j = said(run(
      shop, {kModels + "samples/shirt", kBag, kModels + "samples/sandal/1.png"},
      {"--json"}));
  ASSERT_EQ(j.at("results").size(), 4u);
  EXPECT_EQ(j.at("frames"), 4);
  EXPECT_EQ(best(j["results"][0]), "shirt");
  EXPECT_EQ(best(j["results"][2]), "bag");
  EXPECT_EQ(best(j["results"][3]), "sandal");
  EXPECT_EQ(j["results"][2].at("input"), kBag);
}

// The same bytes as each alone, over nodes too.
TEST(Inputs, OutputsComeOneAfterAnother) {
  const Workshop shop;
  const std::string other = kModels + "samples/shirt/0.png";
  run(shop, {kBag}, {"-o", shop.path("a")});
  run(shop, {other}, {"-o", shop.path("b")});
  EXPECT_EQ(
      run(shop, {kBag, other}, {"-o", shop.path("ab"), "--nodes", "3"}).code,
      0);
  std::vector<uint8_t> both = shop.read("a");
  const std::vector<uint8_t> b = shop.read("b");
  both.insert(both.end(), b.begin(), b.end());
  EXPECT_EQ(shop.read("ab"), both);
}

// A model of two int8 inputs: a reads real values, b its own bytes.
TEST(Inputs, EachOfSeveralInputsHasItsOwnFile) {
  const Workshop shop;
  ModelBuilder b;
  const int x = b.input({1, 2, 2, 1}, {0.5F, 3});
  const int y = b.input({1, 2, 2, 1}, {0.25F, 0});
  b.raw().tensors[static_cast<size_t>(x)].name = "a";
  b.raw().tensors[static_cast<size_t>(y)].name = "b";
  b.output(b.add(x, y, {1, 0}));
  shop.write("two.tflite", b.finish());
  const std::vector<float> reals = {1, -2, 0.5F, 4};
  Array values{"f4", {1, 2, 2, 1}, std::vector<uint8_t>(16)};
  std::memcpy(values.bytes.data(), reals.data(), 16);
  shop.write("a.npy", format_npy(values));
  shop.write("b.bin", {4, 8, 0, 252});
  const auto refused = [&](const std::vector<std::string>& inputs,
                           const std::string& words) {
    std::vector<std::string> run = {"run", "two.tflite"};
    run.insert(run.end(), inputs.begin(), inputs.end());
    const Told told = shop.shoal(run);
    EXPECT_EQ(told.code, 2);
    EXPECT_NE(told.err.find(words), std::string::npos) << told.err;
  };
  ASSERT_EQ(shop.shoal({"run", "two.tflite", "a=a.npy", "b=b.bin", "b=b.bin",
                        "a=a.npy", "--task", "raw", "-o", "out"})
                .code,
            0);
  // 1 + 1, -2 + 2, 0.5 + 0 (away from zero), 4 - 1; twice.
  const std::vector<uint8_t> twice = {2, 0, 1, 3, 2, 0, 1, 3};
  EXPECT_EQ(shop.read("out"), twice);
  refused({"a=a.npy"}, "no file for the model's input b");
  refused({"a=a.npy", "c=b.bin"}, "no input of the model has that name");
  refused({"a.npy"}, "NAME=FILE NAME=FILE");
  refused({"a=a.npy", "b=nothing.npy"}, "nothing.npy");
}

TEST(Inputs, AnOnnxInputOfBytesTakesPixelsAsTheyAre) {
  const Workshop shop;
  OnnxBuilder b;
  b.input("x", {1, 3, 2, 2}, 2);  // UINT8
  b.node("Cast", {"x"}, "real", {{"to", int64_t{1}}});
  b.floats("half", {}, {0.5F});
  b.node("Mul", {"real", "half"}, "y");
  b.output("y");
  shop.write("m.onnx", b.finish());
  const std::vector<uint8_t> rgb = {0,  10, 20, 30, 40,  50,
                                    60, 70, 80, 90, 100, 250};
  shop.write("in.bmp", make_bmp(2, 2, rgb));
  ASSERT_EQ(
      shop.shoal({"run", "m.onnx", "in.bmp", "--task", "raw", "-o", "out"})
          .code,
      0);
  const std::vector<uint8_t> out = shop.read("out");
  ASSERT_EQ(out.size(), 48u);
  float sum = 0;
  for (size_t i = 0; i < out.size(); i += 4) {
    float v = 0;
    std::memcpy(&v, &out[i], 4);
    sum += v;
  }
  EXPECT_EQ(sum, 400);
}

TEST(Inputs, NothingInAFolderIsPassedOverWithoutAWord) {
  const Workshop shop;
  std::filesystem::create_directory(shop.path("in"));
  std::filesystem::copy(kBag, shop.path("in/bag.png"));
  shop.write("in/notes.txt", {'x'});
  const Told told = run(shop, {"in"}, {"--json"});
  EXPECT_EQ(said(told).at("input"), "in/bag.png");
  EXPECT_NE(told.err.find("in: passed over 1, no inputs: notes.txt"),
            std::string::npos)
      << told.err;
}

TEST(Inputs, EveryKindOfPictureIsTheSamePicture) {
  const Workshop shop;
  const std::vector<uint8_t> rgb(12 * 12 * 3, 77);
  shop.write("a.png", make_png(12, 12, rgb));
  shop.write("a.bmp", make_bmp(12, 12, rgb));
  shop.write("a.ppm", make_ppm(12, 12, rgb));
  shop.write("a.gif", make_gif(12, 12, 77));
  shop.write("a.webp", make_webp(12, 12, rgb));
  shop.write("a.npy", format_npy({"u1", {12, 12, 3}, rgb}));
  const json j =
      said(run(shop, {"a.png", "a.bmp", "a.ppm", "a.gif", "a.webp", "a.npy"},
               {"--json"}));
  std::set<std::string> sums;
  for (const json& r : j.at("results")) {
    sums.insert(r.at("output_sha256").get<std::string>());
  }
  EXPECT_EQ(j["results"].size(), 6u);
  EXPECT_EQ(sums.size(), 1u);
}

TEST(Inputs, FitDecidesAboutPicturesOfAnotherShape) {
  const Workshop shop;
  std::vector<uint8_t> rgb;
  for (int i = 0; i < 96 * 32 * 3; ++i) rgb.push_back(static_cast<uint8_t>(i));
  shop.write("wide.png", make_png(96, 32, rgb));
  std::set<std::vector<uint8_t>> outputs;
  for (const char* fit : {"stretch", "crop", "letterbox"}) {
    EXPECT_EQ(run(shop, {"wide.png"}, {"--fit", fit, "-o", fit}).code, 0);
    outputs.insert(shop.read(fit));
  }
  EXPECT_EQ(outputs.size(), 3u);
  EXPECT_EQ(run(shop, {"wide.png"}, {"--fit", "squeeze"}).code, 2);
}

TEST(Inputs, WhatCannotBeSeveralSaysSo) {
  const Workshop shop;
  const Told frames = run(shop, {kBag, kBag}, {"--frames", "2"});
  EXPECT_EQ(frames.code, 2);
  EXPECT_NE(frames.err.find("--frames repeats one input, but 2 were given"),
            std::string::npos);
  EXPECT_EQ(run(shop, {kBag, kBag}, {"--trace", "t.tsv"}).code, 2);
  EXPECT_EQ(run(shop, {kBag, "gone.png"}).code, 2);
}

TEST(Results, AFolderOfThemHasArraysPicturesAndAPage) {
  const Workshop shop;
  const json j = said(run(shop, {kBag, kModels + "samples/shirt/0.png"},
                          {"--json", "--output-dir", "out", "-o", "raw"}));
  const json& output = j.at("results").at(1).at("outputs").at(0);
  const Array a =
      parse_npy(shop.read("out/" + output.at("file").get<std::string>()), "a");
  EXPECT_EQ(a.type, "i1");
  EXPECT_EQ(a.shape, (std::vector<int64_t>{1, 10}));
  const std::vector<uint8_t> raw = shop.read("raw");
  EXPECT_EQ(a.bytes, (std::vector<uint8_t>{raw.begin() + 10, raw.end()}));
  EXPECT_EQ(decode_picture(shop.read("out/0-2.png"), "p").width, 28);
  const std::string page = shop.read_text("out/index.html");
  EXPECT_NE(page.find("<img src=\"0.png\""), std::string::npos);
  EXPECT_NE(page.find("bag"), std::string::npos);
}

// A convolution of one weight, so that the output is the input: whatever head
// is wanted sees what the test has drawn.
std::vector<uint8_t> passing_model(int size, int channels) {
  ModelBuilder b;
  const int x = b.input({1, size, size, channels}, {1.f / 255, -128});
  b.output(b.reshape(x, {1, size, size, channels}));
  return b.finish();
}

TEST(Results, ASegmentedPictureHasItsAreas) {
  const Workshop shop;
  shop.write("m.tflite", passing_model(16, 3));
  std::vector<uint8_t> rgb(16 * 16 * 3);
  for (size_t i = 0; i < 256; ++i) rgb[i * 3 + (i < 64 ? 1 : 0)] = 255;
  shop.write("p.png", make_png(16, 16, rgb));
  const Told told = shop.shoal({"run", "m.tflite", "p.png", "--json", "--task",
                                "segment", "--output-dir", "out"});
  const json j = said(told);
  EXPECT_EQ(j.at("head"), "mask");
  ASSERT_EQ(j.at("classes").size(), 2u);
  EXPECT_EQ(j["classes"][0].at("index"), 0);
  EXPECT_DOUBLE_EQ(j["classes"][0].at("area"), 0.75);
  const Picture drawn = decode_picture(shop.read("out/p.png"), "p");
  EXPECT_NE((std::vector<uint8_t>(drawn.rgb.begin(), drawn.rgb.begin() + 3)),
            (std::vector<uint8_t>{0, 255, 0}));
  const Told text = shop.shoal({"run", "m.tflite", "p.png"});
  EXPECT_NE(text.out.find(" 75.0 %      0"), std::string::npos) << text.out;
  EXPECT_NE(text.err.find("outputs are read as mask (segment)"),
            std::string::npos)
      << text.err;
}

TEST(Results, LabelsThatAreTooManyOrInAnotherEncoding) {
  const Workshop shop;
  shop.write("few.txt", {'a', '\n', 'b', '\n'});
  const Told few = shop.shoal({"run", kNetwork, kBag, "--labels", "few.txt"});
  EXPECT_EQ(few.code, 0);
  EXPECT_NE(few.err.find("2 labels for 10 classes"), std::string::npos);
  shop.write("wide.txt", {0xFF, 0xFE, 'a', 0, '\n', 0});
  const Told wide = shop.shoal({"run", kNetwork, kBag, "--labels", "wide.txt"});
  EXPECT_EQ(wide.code, 7);
  EXPECT_NE(wide.err.find("wide.txt: the labels are in UTF-16"),
            std::string::npos);
  shop.write("bare.txt", {0x2D, 0x4E, '\n', 0});  // without its mark
  const Told bare = shop.shoal({"run", kNetwork, kBag, "--labels", "bare.txt"});
  EXPECT_NE(bare.err.find("bare.txt: the labels are in UTF-16"),
            std::string::npos);
  const Told picture = shop.shoal({"run", kNetwork, kBag, "--labels", kBag});
  EXPECT_EQ(picture.code, 7);
  EXPECT_NE(picture.err.find(": is not text\n  write one label a line"),
            std::string::npos)
      << picture.err;
}

TEST(Results, ATaskThatDoesNotFitIsExplained) {
  const Workshop shop;
  const Told told = shop.shoal({"run", kNetwork, kBag, "--task", "detect"});
  EXPECT_EQ(told.code, 2);
  EXPECT_NE(told.err.find("--task detect: the model's outputs are 1x10"),
            std::string::npos)
      << told.err;
}

}  // namespace
}  // namespace shoal
