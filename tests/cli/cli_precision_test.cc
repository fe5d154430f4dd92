// `shoal evaluate` of detectors and masks.
#include <gtest/gtest.h>
#include <png.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/data/image/draw.h"
#include "host/model/import/testing/detector.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr int kPictures = 6;

std::vector<uint8_t> text_bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

std::string number_of(int i) { return std::to_string(i); }

std::vector<uint8_t> grey_png(int width, int height,
                              const std::vector<uint8_t>& values) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_GRAY;
  std::vector<uint8_t> file(100000);
  png_alloc_size_t size = file.size();
  EXPECT_NE(png_image_write_to_memory(&image, file.data(), &size, 0,
                                      values.data(), 0, nullptr),
            0);
  file.resize(size);
  return file;
}

// Pictures of 64 x 48 pixels in "in", and what the detector finds on them.
class CliPrecision : public testing::Test {
 protected:
  CliPrecision() {
    DetectionOp op = detector_settings();
    op.score = 0.01f;
    shop_.write("m.tflite", detector(Type::kInt8, op).finish());
    std::filesystem::create_directory(shop_.path("in"));
    for (int i = 0; i < kPictures; ++i) {
      Picture p{64, 48, std::vector<uint8_t>(size_t{64} * 48 * 3)};
      for (size_t k = 0; k < p.rgb.size(); ++k) {
        p.rgb[k] =
            static_cast<uint8_t>((k * k / 97 + 31 * k * size_t(i)) % 251);
      }
      shop_.write("in/" + number_of(i) + ".png", encode_png(p));
    }
    const Told told =
        shop_.shoal({"run", "m.tflite", "in", "--json", "--score", "0.001"});
    EXPECT_EQ(told.code, 0) << told.err;
    found_ = json::parse(told.out).at("results");
  }

  // The truth that all that was found is right.
  json coco() const {
    json truth{{"categories",
                {{{"id", 5}, {"name", "cat"}}, {{"id", 9}, {"name", "dog"}}}},
               {"images", json::array()},
               {"annotations", json::array()}};
    for (int i = 0; i < kPictures; ++i) {
      truth["images"].push_back({{"id", 100 - i},
                                 {"file_name", number_of(i) + ".png"},
                                 {"width", 64},
                                 {"height", 48}});
      for (const json& b : found_[static_cast<size_t>(i)].at("boxes")) {
        const auto v = b.at("box").get<std::vector<double>>();
        if (v[2] <= 0 || v[3] <= 0 || v[0] >= 64 || v[1] >= 48) continue;
        truth["annotations"].push_back(
            {{"image_id", 100 - i},
             {"category_id", b.at("index") == 0 ? 5 : 9},
             {"bbox", {v[0], v[1], v[2] - v[0], v[3] - v[1]}}});
      }
    }
    return truth;
  }
  Told evaluate(const json& truth, std::vector<std::string> more = {}) {
    shop_.write("t.json", text_bytes(truth.dump()));
    more.insert(more.begin(),
                {"evaluate", "m.tflite", "in", "--truth", "t.json"});
    return shop_.shoal(more);
  }
  Workshop shop_;
  json found_;
};

TEST_F(CliPrecision, WhatIsAllRightIsAHundredPercent) {
  const Told told = evaluate(coco(), {"--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  EXPECT_EQ(j.at("task"), "detect");
  EXPECT_EQ(j.at("head"), "ssd");
  EXPECT_EQ(j.at("frames"), kPictures);
  EXPECT_GT(j.at("truth_boxes"), kPictures);
  EXPECT_NEAR(j.at("map").get<double>(), 1, 0.02);
  EXPECT_NEAR(j.at("map50").get<double>(), 1, 0.02);
  const Told table = evaluate(coco());
  EXPECT_EQ(table.code, 0);
  EXPECT_NE(table.out.find("mAP50"), std::string::npos) << table.out;
}

TEST_F(CliPrecision, ResultsAreTheSameForEveryNumberOfJobs) {
  json truth = coco();
  // Some of it is elsewhere, so that the numbers are no round ones.
  for (size_t i = 0; i < truth["annotations"].size(); i += 3) {
    truth["annotations"][i]["bbox"] = {3, 3, 20, 20};
  }
  std::string first[2];
  for (const char* jobs : {"1", "3"}) {
    for (const int kind : {0, 1}) {
      const std::string file = kind == 0 ? "o.csv" : "o.json";
      const Told told = evaluate(truth, {"--jobs", jobs, "-o", file});
      ASSERT_EQ(told.code, 0) << told.err;
      const std::string text = shop_.read_text(file);
      if (first[kind].empty()) first[kind] = text;
      EXPECT_EQ(text, first[kind]);
    }
  }
  ASSERT_EQ(evaluate(truth, {"--html", "p.html"}).code, 0);
  const std::string page = shop_.read_text("p.html");
  EXPECT_NE(page.find("<img src=\"data:image/png"), std::string::npos);
  EXPECT_NE(page.find(" missed, "), std::string::npos);
  EXPECT_NE(page.find("Precision by class"), std::string::npos);
  EXPECT_EQ(first[0].substr(0, 15), "class,label,tru");
  const json all = json::parse(first[1]);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].at("image_id"), 100 - (kPictures - 1));  // by their ids
  // Over nodes, and half of it from a journal.
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{"--nodes", "2"},
                                             {"--resume", "j", "--limit", "3"},
                                             {"--resume", "j"}}) {
    std::vector<std::string> flags = more;
    flags.insert(flags.end(), {"-o", "o.json"});
    const Told told = evaluate(truth, flags);
    ASSERT_EQ(told.code, 0) << told.err;
    if (more.size() == 2) {
      EXPECT_EQ(shop_.read_text("o.json"), first[1]);
    }
  }
  // Answers that were made otherwise are others'.
  const Told other = evaluate(truth, {"--resume", "j", "--score", "0.5"});
  EXPECT_EQ(other.code, 2) << other.err;
}

// Boxes of the truth are counted at the end, its sizes when pictures are read.
TEST_F(CliPrecision, AJournalKnowsTheSizesThatTheTruthSays) {
  json truth = coco();
  ASSERT_EQ(evaluate(truth, {"--resume", "j"}).code, 0);
  for (json& image : truth["images"]) image["width"] = 640;
  const Told sizes = evaluate(truth, {"--resume", "j"});
  EXPECT_EQ(sizes.code, 2) << sizes.out;
  EXPECT_NE(sizes.err.find("j: the journal of another truth"),
            std::string::npos)
      << sizes.err;
  truth = coco();
  truth["annotations"][0]["bbox"] = {3, 3, 20, 20};
  const Told fresh = evaluate(truth),
             resumed = evaluate(truth, {"--resume", "j"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(resumed.out, fresh.out);
  EXPECT_NE(fresh.out, evaluate(coco()).out);
}

TEST_F(CliPrecision, LabelsOfYolo) {
  for (int i = 0; i < kPictures; ++i) {
    std::string lines;
    for (const json& b : found_[static_cast<size_t>(i)].at("boxes")) {
      const auto v = b.at("box").get<std::vector<double>>();
      const double x = (v[0] + v[2]) / 128, y = (v[1] + v[3]) / 96;
      const double w = (v[2] - v[0]) / 64, h = (v[3] - v[1]) / 48;
      if (x < 0 || x > 1 || y < 0 || y > 1 || w > 1 || h > 1) continue;
      lines += b.at("index").dump() + " " + std::to_string(x) + " " +
               std::to_string(y) + " " + std::to_string(w) + " " +
               std::to_string(h) + "\n";
    }
    std::filesystem::create_directory(shop_.path("in/labels"));
    shop_.write("in/labels/" + number_of(i) + ".txt", text_bytes(lines));
  }
  Told told = shop_.shoal({"evaluate", "m.tflite", "in", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const double best = json::parse(told.out).at("map50");
  EXPECT_GT(best, 0.3);
  std::filesystem::rename(shop_.path("in/labels"), shop_.path("other"));
  told =
      shop_.shoal({"evaluate", "m.tflite", "in", "--json", "--truth", "other"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(json::parse(told.out).at("map50").get<double>(), best);
  told = shop_.shoal({"evaluate", "m.tflite", "in"});
  EXPECT_EQ(told.code, 2) << told.err;
  EXPECT_NE(told.err.find("no picture has a file of labels"), std::string::npos)
      << told.err;
}

TEST_F(CliPrecision, HostileTruthIsOneClearLine) {
  const auto refused = [&](const json& truth, int code, const char* what,
                           const std::vector<std::string>& more = {}) {
    const Told told = evaluate(truth, more);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(what), std::string::npos) << told.err;
  };
  json truth = coco();
  truth["annotations"][0]["image_id"] = 1;
  refused(truth, 7, "t.json: annotations[0] is of image 1");
  truth = coco();
  truth["annotations"][0]["bbox"] = {64, 0, 1, 1};
  refused(truth, 7, "a box outside of its picture of 64 x 48");
  truth = coco();
  truth["images"].erase(2);
  truth["annotations"] = json::array();
  refused(truth, 2, "has no entry for 2.png and 0 other pictures");
  truth = coco();
  truth["images"][0]["width"] = 640;
  refused(truth, 7, "0.png is 640 x 48, the picture has 64 x 48 pixels");
  refused(json::array(), 7, "is not a JSON object");
  refused(coco(), 2, "--task classify: the model's outputs are 1x20x4, 1x20x3",
          {"--task", "classify"});
  refused(coco(), 2, "--which t10k is for IDX files", {"--which", "t10k"});
  const Told missing =
      shop_.shoal({"evaluate", "m.tflite", "in", "--truth", "nowhere.json"});
  EXPECT_EQ(missing.code, 2) << missing.err;
  EXPECT_NE(missing.err.find("nowhere.json"), std::string::npos);
}

// One 1 x 1 convolution: class 1 where red is above a half, else class 0.
std::vector<uint8_t> red_mask() {
  ModelBuilder b;
  const int x = b.input({1, 24, 32, 3}, {1 / 255.f, -128});
  const int w = b.weights({2, 1, 1, 3}, {0, 0, 0, 100, 0, 0}, {0.01f}, 0);
  b.output(b.conv(x, w, b.bias({12700, 0}), {0.02f, 0}));
  return b.finish();
}

TEST_F(CliPrecision, MasksAgainstPngs) {
  shop_.write("mask.tflite", red_mask());
  std::filesystem::create_directories(shop_.path("red"));
  std::filesystem::create_directories(shop_.path("truth"));
  // The left half is red; the truth says the left quarter, and nothing of the
  // last row.
  Picture p{64, 48, {}};
  std::vector<uint8_t> classes;
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 64; ++x) {
      const uint8_t red = x < 32 ? 255 : 0;
      p.rgb.insert(p.rgb.end(), {red, 10, 10});
      classes.push_back(y == 47 ? 255 : x < 16 ? 1 : 0);
    }
  }
  for (const char* name : {"a", "b"}) {
    shop_.write(std::string("red/") + name + ".png", encode_png(p));
    shop_.write(std::string("truth/") + name + ".png",
                grey_png(64, 48, classes));
  }
  std::string first;
  for (const char* jobs : {"1", "2"}) {
    const Told told =
        shop_.shoal({"evaluate", "mask.tflite", "red", "--truth", "truth",
                     "--json", "--jobs", jobs, "-o", "o.csv", "--resume",
                     std::string("j") + jobs, "--html", "p.html"});
    ASSERT_EQ(told.code, 0) << told.err;
    const json j = json::parse(told.out);
    EXPECT_EQ(j.at("task"), "segment");
    EXPECT_EQ(j.at("pixels"), 2 * 64 * 47);
    // Class 1: 16 of 32 columns; class 0: 32 of 48.
    EXPECT_NEAR(j.at("miou").get<double>(), (0.5 + 2.0 / 3) / 2, 1e-12);
    EXPECT_NEAR(j.at("right").get<double>(), 0.75, 1e-12);
    if (first.empty()) first = shop_.read_text("o.csv");
    EXPECT_EQ(shop_.read_text("o.csv"), first);
    const std::string page = shop_.read_text("p.html");
    EXPECT_NE(page.find("<img src=\"data:image/png"), std::string::npos);
    EXPECT_NE(page.find("75.0 % of its pixels are right"), std::string::npos);
  }
  classes[0] ^= 1;
  shop_.write("truth/b.png", grey_png(64, 48, classes));
  const auto refused = [&](int code, const char* what,
                           const std::vector<std::string>& more) {
    std::vector<std::string> all{"evaluate", "mask.tflite", "red"};
    all.insert(all.end(), more.begin(), more.end());
    const Told told = shop_.shoal(all);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(what), std::string::npos) << told.err;
  };
  refused(2, "j1: the journal of another truth",
          {"--truth", "truth", "--resume", "j1"});
  refused(2, "--truth is missing", {});
  refused(2, "none is not a folder of masks", {"--truth", "none"});
  shop_.write("truth/b.png", grey_png(4, 4, std::vector<uint8_t>(16)));
  refused(7, "b.png: 4 x 4 pixels, but the picture has 64 x 48",
          {"--truth", "truth"});
  std::filesystem::remove(shop_.path("truth/b.png"));
  refused(2, "b.png has no mask", {"--truth", "truth"});
}

}  // namespace
}  // namespace shoal
