// Detectors whose boxes are computed behind the network.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/data/image/testing/pictures.h"
#include "host/model/import/testing/detector.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

class CliDetect : public testing::Test {
 protected:
  CliDetect() {
    shop_.write("m.tflite", detector().finish());
    shop_.write("u.tflite",
                detector(Type::kUint8, detector_settings(), true).finish());
    shop_.write("f.tflite", detector(Type::kFloat32).finish());
    shop_.write("regular.tflite", [] {
      DetectionOp op = detector_settings();
      op.regular = true;
      op.score = 0.01f;
      return detector(Type::kInt8, op).finish();
    }());
    std::vector<uint8_t> pixels(32 * 32 * 3);
    for (size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<uint8_t>(i * i % 251);
    }
    shop_.write("x.bin", pixels);
  }
  json run(const std::string& model,
           const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"run", model, "x.bin", "--json"};
    if (model.empty()) all.erase(all.begin() + 1);
    all.insert(all.end(), more.begin(), more.end());
    const Told told = shop_.shoal(all);
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_NE(told.err.find("TFLite_Detection_PostProcess, is computed on the "
                            "coordinator"),
              std::string::npos)
        << told.err;
    return told.code == 0 ? json::parse(told.out) : json::object();
  }
  Workshop shop_;
};

TEST_F(CliDetect, RunsWithoutAFlag) {
  for (const char* model : {"m.tflite", "u.tflite", "regular.tflite"}) {
    SCOPED_TRACE(model);
    const json j = run(model);
    EXPECT_EQ(j.at("head"), "ssd");
    ASSERT_FALSE(j.at("boxes").empty());
    EXPECT_LE(j["boxes"].size(), 5u);
    EXPECT_GE(j["boxes"][0].at("score"), 0.3);
    // Wherever the network runs.
    const json apart = run(model, {"--nodes", "3"});
    EXPECT_EQ(apart.at("boxes"), j.at("boxes"));
    EXPECT_EQ(apart.at("output_sha256"), j.at("output_sha256"));
  }
}

TEST_F(CliDetect, AStoreKnowsItsOperator) {
  for (const char* model : {"m.tflite", "u.tflite"}) {
    const Told built = shop_.shoal(
        {"build", model, "--ram", "64K", "--flash", "0", "--store", "store"});
    ASSERT_EQ(built.code, 0) << built.err;
    EXPECT_EQ(run("", {"--store", "store"}).at("boxes"),
              run(model).at("boxes"));
  }
}

TEST_F(CliDetect, LimitsAndOtherHeads) {
  const json all = run("regular.tflite", {"--score", "0"});
  EXPECT_EQ(all.at("boxes").size(), 5u);
  const json none = run("regular.tflite", {"--score", "1.1"});
  EXPECT_TRUE(none.at("boxes").empty());
  const Told raw = shop_.shoal({"run", "m.tflite", "x.bin", "--task", "raw"});
  EXPECT_EQ(raw.code, 0) << raw.err;
  EXPECT_NE(raw.out.find("scores, 1x20x3 of"), std::string::npos) << raw.out;
  EXPECT_EQ(raw.err.find("coordinator"), std::string::npos) << raw.err;
  const Told anchors =
      shop_.shoal({"run", "m.tflite", "x.bin", "--anchors", "10,14"});
  EXPECT_EQ(anchors.code, 2) << anchors.err;
}

TEST_F(CliDetect, OtherVerbsSeeTheNetwork) {
  const json j =
      json::parse(shop_.shoal({"inspect", "u.tflite", "--json"}).out);
  EXPECT_EQ(j.at("detection").at("classes"), 2);
  EXPECT_EQ(j["detection"].at("boxes"), json({0, 1}));
  EXPECT_EQ(j.at("outputs").size(), 3u);
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{
           {"inspect", "m.tflite"},
           {"plan", "u.tflite"},
           {"verify", "m.tflite", "x.bin", "--nodes", "2"},
           {"simulate", "m.tflite", "--nodes", "2", "--board", "teensy41"}}) {
    const Told told = shop_.shoal(verb);
    EXPECT_EQ(told.code, 0) << told.err;
  }
}

TEST_F(CliDetect, WhatIsQuantizedStaysADetector) {
  std::vector<uint8_t> frame(32 * 32 * 3 * 4, 0);
  for (size_t i = 3; i < frame.size(); i += 4) {
    frame[i] = i / 4 % 5 < 2 ? 0x3F : 0;  // 0.5 or 0
  }
  shop_.write("f.bin", frame);
  const Told told = shop_.shoal(
      {"quantize", "f.tflite", "--calibrate", "f.bin", "-o", "q.tflite"});
  EXPECT_EQ(told.code, 0) << told.err;
  // The same picture, in parts of 1 and in bytes.
  std::vector<uint8_t> reals(32 * 32 * 3 * 4), bytes(32 * 32 * 3, 0x80);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool lit = (4 * i + 3) / 4 % 5 < 2;
    reals[4 * i + 3] = lit ? 0x3F : 0;
    bytes[i] = lit ? 127 : 0x80;
  }
  shop_.write("reals.bin", reals);
  shop_.write("bytes.bin", bytes);
  json found[2];
  for (const int i : {0, 1}) {
    const Told ran = shop_.shoal({"run", i == 0 ? "f.tflite" : "q.tflite",
                                  i == 0 ? "reals.bin" : "bytes.bin", "--json",
                                  "--score", "0"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    found[i] = json::parse(ran.out).at("boxes");
    ASSERT_FALSE(found[i].empty());
  }
  EXPECT_EQ(found[1][0].at("index"), found[0][0].at("index"));
  EXPECT_NEAR(found[1][0].at("score").get<double>(),
              found[0][0].at("score").get<double>(), 0.05);
  EXPECT_NEAR(found[1][0].at("box")[0].get<double>(),
              found[0][0].at("box")[0].get<double>(), 1);
}

}  // namespace
}  // namespace shoal
