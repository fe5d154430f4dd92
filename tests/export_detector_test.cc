// An exported detector: boards find the boxes in its outputs themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "host/model/import/testing/detector.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/needs.h"

namespace shoal {
namespace {

using nlohmann::json;

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

// The boxes of `shoal run`, found by the code of boards in app.cpp, of which a
// user has written the two functions at the top.
TEST(ExportedDetector, FindsTheBoxesOfShoalRun) {
  need_programs({"make"});
  const Workshop shop;
  shop.write("cells.tflite", cell_network());
  shop.write("yolo.tflite", yolo_network());
  const std::string launcher = has_program("ccache") ? " LAUNCHER=ccache" : "";
  shop.write("yolox.tflite", yolox_network());
  shop.write("tiny.tflite", map_network(false));
  shop.write("maps.tflite", map_network(true));
  shop.write("ssd.tflite", detector().finish());
  DetectionOp each_class = detector_settings();
  each_class.regular = true;
  each_class.most_of_class = 3;
  shop.write("regular.tflite", detector(Type::kInt8, each_class).finish());
  for (const std::string name :
       {"cells", "yolo", "yolox", "tiny", "maps", "ssd", "regular"}) {
    SCOPED_TRACE(name);
    const std::string model = name + ".tflite";
    const Told told = shop.shoal({"export", model, "random:3", "--as", "c",
                                  "--board", "host", "-o", name});
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_NE(told.out.find("  boxes    app.cpp finds them"),
              std::string::npos);
    const Told built = shop.script(
        "cd " + name +
        "/app && sed -i 's/{ return false; }/{ static int n; return ++n == 1; "
        "}/; s/to\\[i\\] = 0;/to[i] = shoal_networks[0].test_input[offset + "
        "i];/' app.cpp && cd ../.. && " +
        "make -s -C " + name + launcher + " DEBUG= all");
    ASSERT_EQ(built.code, 0) << built.err;
    const Told served =
        shop.script("sleep 1 | " + name + "/build/" + name + " serve");
    const Told ran = shop.shoal({"run", model, "random:3", "--json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const std::string head = json::parse(ran.out)["head"];
    EXPECT_EQ(head, name == "yolo"      ? "yolov8"
                    : name == "tiny"    ? "yolov3"
                    : name == "maps"    ? "yolov5maps"
                    : name == "regular" ? "ssd"
                                        : name);
    std::string expected;
    const json boxes = json::parse(ran.out)["boxes"];
    ASSERT_GT(boxes.size(), 1u) << ran.out;
    for (size_t i = 0; i < std::min<size_t>(boxes.size(), 10); ++i) {
      expected += "box";
      for (const json& at : boxes[i]["box"]) {
        expected += " " + std::to_string(std::max(0, at.get<int>()));
      }
      expected += "\nlabel " + boxes[i]["index"].dump() + "\n";
    }
    EXPECT_NE(served.out.find(expected), std::string::npos)
        << served.out << served.err << expected;
  }
}

}  // namespace
}  // namespace shoal
