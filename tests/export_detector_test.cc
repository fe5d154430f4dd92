// Exported networks whose boxes, points or masks boards find in the outputs
// themselves.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "host/model/import/testing/detector.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/found_lines.h"
#include "tests/needs.h"

namespace shoal {
namespace {

// A detector of 48 x 48 x 3 pixels: scores of the background and two classes
// for 6 x 6 cells.
std::vector<uint8_t> cell_network() {
  ModelBuilder b;
  std::mt19937 random(6);
  std::vector<int8_t> weights(3 * 8 * 8 * 3);
  for (int8_t& w : weights) w = static_cast<int8_t>(random());
  const int x = b.input({1, 48, 48, 3}, {0.05f, -3});
  const int w = b.weights({3, 8, 8, 3}, weights, {0.004f}, 0);
  b.output(b.conv(x, w, -1, {0.01f, 2},
                  {.stride_h = 8, .stride_w = 8, .same = false}));
  return b.finish();
}

// A YOLOv8 network of 32 x 32 x 3 pixels and two classes: 6 values for each of
// 21 candidates, columns first.
std::vector<uint8_t> yolo_network() {
  ModelBuilder b;
  std::mt19937 random(7);
  std::vector<int8_t> weights(6 * 21 * 32 * 32 * 3);
  for (int8_t& w : weights) w = static_cast<int8_t>(random() % 15) - 7;
  const int x = b.input({1, 32, 32, 3}, {0.05f, -3});
  const int w = b.weights({6 * 21, 32, 32, 3}, weights, {0.004f}, 0);
  const int y = b.conv(x, w, -1, {0.0075f, -128}, {.same = false});
  b.output(b.reshape(y, {1, 6, 21}));
  return b.finish();
}

// A YOLOX network of such pictures: rows of centre, size, objectness and two
// classes.
std::vector<uint8_t> yolox_network() {
  ModelBuilder b;
  std::mt19937 random(8);
  std::vector<int8_t> weights(7 * 21 * 32 * 32 * 3);
  for (int8_t& w : weights) w = static_cast<int8_t>(random() % 15) - 7;
  const int x = b.input({1, 32, 32, 3}, {0.05f, -3});
  const int w = b.weights({7 * 21, 32, 32, 3}, weights, {0.004f}, 0);
  const int y = b.conv(x, w, -1, {0.01f, -50}, {.same = false});
  b.output(b.reshape(y, {1, 21, 7}));
  return b.finish();
}

// Maps of 4 x 4 and 2 x 2 cells, or with `finest` of 8 x 8, too, for the
// anchors of well-known networks, and two classes: as YOLOv3-tiny and YOLOv5
// have them. The coarsest comes first.
std::vector<uint8_t> map_network(bool finest) {
  ModelBuilder b;
  std::mt19937 random(9);
  const int x = b.input({1, 64, 64, 3}, {0.05f, -3});
  for (const int stride : {32, 16, 8}) {
    if (stride == 8 && !finest) continue;
    std::vector<int8_t> weights(
        static_cast<size_t>(3 * 7 * stride * stride * 3));
    for (int8_t& w : weights) w = static_cast<int8_t>(random() % 15) - 7;
    const int w = b.weights({3 * 7, stride, stride, 3}, weights, {0.004f}, 0);
    b.output(b.conv(x, w, -1, {0.0625f, 2},
                    {.stride_h = stride, .stride_w = stride, .same = false}));
  }
  return b.finish();
}

// A network of 32 x 32 x 3 pixels with these outputs, each by a layer of its
// own over the whole picture; values are `scale` times -128 to 127.
struct WholeOutput {
  std::vector<int> shape;
  float scale;
};
std::vector<uint8_t> whole_network(const std::vector<WholeOutput>& outputs) {
  ModelBuilder b;
  std::mt19937 random(10);
  const int x = b.input({1, 32, 32, 3}, {0.05f, -3});
  for (const WholeOutput& o : outputs) {
    int count = 1;
    for (const int n : o.shape) count *= n;
    std::vector<int8_t> weights(static_cast<size_t>(count) * 32 * 32 * 3);
    for (int8_t& w : weights) w = static_cast<int8_t>(random() % 15) - 7;
    const int w = b.weights({count, 32, 32, 3}, weights, {0.001f}, 0);
    const int y = b.conv(x, w, -1, {o.scale, 0}, {.same = false});
    b.output(b.reshape(y, o.shape));
  }
  return b.finish();
}

TEST(ExportedDetector, FindsTheBoxesOfShoalRun) {
  need_programs({"make"});
  if (cannot_go_on()) return;
  const Workshop shop;
  DetectionOp each_class = detector_settings();
  each_class.regular = true;
  each_class.most_of_class = 3;
  const struct {
    const char *name, *head;
    std::vector<uint8_t> model;
  } cases[] = {{"cells", "cells", cell_network()},
               {"yolo", "yolov8", yolo_network()},
               {"yolox", "yolox", yolox_network()},
               {"tiny", "yolov3", map_network(false)},
               {"maps", "yolov5maps", map_network(true)},
               {"ssd", "ssd", detector().finish()},
               {"regular", "ssd", detector(Type::kInt8, each_class).finish()},
               // 4 x 4 cells with two anchors each, and 2 x 2 with six.
               {"faces", "blazeface",
                whole_network({{{1, 32, 16}, 0.25f},
                               {{1, 24, 1}, 0.05f},
                               {{1, 32, 1}, 0.05f},
                               {{1, 24, 16}, 0.5f}})},
               {"palms", "blazeface",
                whole_network({{{1, 56, 18}, 0.25f}, {{1, 56, 1}, 0.05f}})}};
  for (const auto& c : cases) {
    const std::string model = std::string(c.name) + ".tflite";
    shop.write(model, c.model);
    expect_found(shop, c.name, model, "random:3", c.head, 2,
                 "  boxes    app.cpp finds them");
  }
}

TEST(ExportedPoints, AreThoseOfShoalRun) {
  need_programs({"make"});
  if (cannot_go_on()) return;
  const Workshop shop;
  const struct {
    const char *name, *head;
    std::vector<uint8_t> model;
  } cases[] = {
      {"rows", "movenet", whole_network({{{1, 1, 17, 3}, 0.008f}})},
      {"peaks", "heatmaps", whole_network({{{1, 5, 5, 17}, 0.008f}})},
      {"moved", "posenet",
       whole_network({{{1, 3, 3, 34}, 0.05f}, {{1, 3, 3, 17}, 0.05f}})},
      // The first has metres, the last one pixels.
      {"hand", "landmarks",
       whole_network({{{1, 63}, 0.002f}, {{1, 1}, 0.004f}, {{1, 63}, 0.25f}})},
      {"parts", "landmarks", whole_network({{{1, 136}, 0.01f}})}};
  for (const auto& c : cases) {
    const std::string model = std::string(c.name) + ".tflite";
    shop.write(model, c.model);
    expect_found(shop, c.name, model, "random:3", c.head, 4,
                 "  points   app.cpp finds them");
  }
}

// 42 numbers may be 21 points or, if the user says so, 14.
TEST(ExportedPoints, HaveTheNumbersThatTheUserSays) {
  need_programs({"make"});
  if (cannot_go_on()) return;
  const Workshop shop;
  const std::vector<uint8_t> hand = whole_network({{{1, 42}, 0.25f}});
  for (const std::string head : {"landmarks2d", "landmarks3d"}) {
    shop.write(head + ".tflite", hand);
    expect_found(shop, head, head + ".tflite", "random:3", head, 4,
                 "  points   app.cpp finds them", head);
  }
  const Told none =
      shop.shoal({"export", "landmarks2d.tflite", "--as", "c", "--board",
                  "host", "--head", "classes", "-o", "none"});
  EXPECT_EQ(none.code, 4) << none.err;
  EXPECT_NE(none.err.find("--head classes: app.cpp cannot read"),
            std::string::npos)
      << none.err;
}

TEST(ExportedMasks, AreThoseOfShoalRun) {
  need_programs({"make"});
  if (cannot_go_on()) return;
  const Workshop shop;
  const struct {
    const char* name;
    std::vector<uint8_t> model;
  } cases[] = {{"scores", whole_network({{{1, 16, 16, 5}, 0.02f}})},
               {"planes", whole_network({{{1, 5, 16, 16}, 0.02f}})},
               {"sure", whole_network({{{1, 16, 16, 1}, 0.01f}})}};
  for (const auto& c : cases) {
    const std::string model = std::string(c.name) + ".tflite";
    shop.write(model, c.model);
    expect_found(shop, c.name, model, "random:3", "mask", 2,
                 "  mask     app.cpp finds it");
  }
}

}  // namespace
}  // namespace shoal
