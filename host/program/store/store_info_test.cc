#include "host/program/store/store_info.h"

#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

constexpr SharedKey kKey{1, 2, 3};

NetIo end_of(int rows, int columns, int channels, Conversion conversion) {
  NetIo io;
  io.place.view.box = {0, rows, 0, columns, 0, channels};
  io.conversion = conversion;
  return io;
}

// A float input in another order of axes, an int8 and a uint8 output.
StoreInfo sample() {
  Graph g;
  g.name = "m.tflite";
  Tensor x;
  x.name = "x";
  x.type = x.file_type = Type::kFloat32;
  x.shape = {1, 3, 5, 4};
  Tensor y;
  y.name = "y";
  y.shape = {1, 7};
  y.quant = {{0.1f}, {-3}, 0};
  Tensor z = y;
  z.name = "z";
  z.file_type = Type::kUint8;
  g.tensors = {x, y, z};
  Net net;
  net.name = g.name;
  net.inputs = {end_of(5, 4, 3, Conversion::kQuantize)};
  net.inputs[0].file_tensor = 0;
  net.inputs[0].place.perm = {0, 2, 3, 1};
  net.inputs[0].scale = 0.007f, net.inputs[0].zero = 5;
  net.outputs = {end_of(1, 1, 7, Conversion::kNone),
                 end_of(1, 1, 7, Conversion::kFlip)};
  net.outputs[0].file_tensor = 1, net.outputs[1].file_tensor = 2;
  Layer layer;
  layer.name = "conv";
  net.layers = {layer};
  StoreInfo info;
  set_ends(info, g, net);
  info.labels = {"cat", "dog \"x\""};
  info.generation = 0xFEDCBA9876543210;
  StoredNode node;
  node.name = "node0", node.file = "node0.1", node.board = "teensy41",
  node.storage = "sd-4bit";
  node.arena_bytes = 1000, node.stages = 3, node.mapped = true;
  node.hash = std::string(64, 'a'), node.store_id = std::string(32, '0');
  node.store_bytes = 5000, node.storage_read_bytes = 4000;
  info.nodes = {node};
  return info;
}

StoreInfo parse(const std::string& text,
                const std::optional<SharedKey>& key = {}) {
  return parse_store_info("store.json", text, key);
}

void refused(const std::string& text, const std::optional<SharedKey>& key,
             Exit code, const std::string& what) {
  expect_throws([&] { parse(text, key); }, code, what);
}

TEST(StoreInfoFile, WhatIsWrittenIsRead) {
  const StoreInfo info = sample();
  const StoreInfo read = parse(format_store_info(info, {}));
  EXPECT_EQ(format_store_info(read, {}), format_store_info(info, {}));
  ASSERT_EQ(read.net.inputs.size(), 1u);
  EXPECT_EQ(read.net.inputs[0].place.perm, (std::vector<int>{0, 2, 3, 1}));
  EXPECT_EQ(read.net.inputs[0].scale, 0.007f);
  EXPECT_EQ(read.graph.ops.size(), 1u);
  EXPECT_EQ(read.net.outputs[1].conversion, Conversion::kFlip);
  EXPECT_EQ(read.graph.tensors.at(read.graph.outputs.at(0)).scale(), 0.1f);
  EXPECT_EQ(read.labels, info.labels);
  EXPECT_EQ(read.layers, (std::vector<std::string>{"conv"}));
  EXPECT_EQ(read.nodes.at(0).arena_bytes, 1000u);
}

TEST(StoreInfoFile, CutOrFlippedAnywhereItIsRefused) {
  StoreInfo sealed = sample();
  sealed.sealed = true;
  for (const bool keyed : {false, true}) {
    const std::optional<SharedKey> key =
        keyed ? std::optional(kKey) : std::nullopt;
    const std::string text = format_store_info(keyed ? sealed : sample(), key);
    for (size_t i = 0; i + 1 < text.size(); ++i) {
      EXPECT_THROW(parse(text.substr(0, i), key), Error) << i;
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 7)));
      EXPECT_THROW(parse(flipped, key), Error) << i;
    }
  }
}

TEST(StoreInfoFile, KeysAreNamed) {
  StoreInfo sealed = sample();
  sealed.sealed = true;
  const std::string text = format_store_info(sealed, kKey);
  EXPECT_TRUE(parse(text, kKey).sealed);
  refused(text, {}, Exit::kUsage, "are sealed by a key");
  refused(text, SharedKey{9}, Exit::kCorrupt, "another key");
  refused(format_store_info(sample(), {}), kKey, Exit::kCorrupt,
          "are not sealed");
}

TEST(StoreInfoFile, HostileFieldsAreNamed) {
  const auto bad = [](const std::string& what, auto&& change) {
    StoreInfo info = sample();
    change(info);
    refused(format_store_info(info, {}), {}, Exit::kCorrupt, what);
  };
  for (const char* name : {"../x", "", ".", "a/b", "a\\b"}) {
    bad("nodes[0]: name", [&](StoreInfo& i) { i.nodes[0].name = name; });
    bad("nodes[0]: file", [&](StoreInfo& i) { i.nodes[0].file = name; });
  }
  bad("arena_bytes", [](StoreInfo& i) { i.nodes[0].arena_bytes = 0x80000000; });
  bad("stages", [](StoreInfo& i) { i.nodes[0].stages = 0; });
  bad("store_bytes", [](StoreInfo& i) { i.nodes[0].store_bytes = -1; });
  bad("hash", [](StoreInfo& i) { i.nodes[0].hash[3] = 'A'; });
  bad("store_id", [](StoreInfo& i) { i.nodes[0].store_id.pop_back(); });
  bad("no nodes", [](StoreInfo& i) { i.nodes.clear(); });
  bad("no outputs", [](StoreInfo& i) { i.net.outputs.clear(); });
  bad("inputs[0]: rows, columns",
      [](StoreInfo& i) { i.net.inputs[0].place.view.box.y1 = 6; });
  bad("inputs[0]: perm", [](StoreInfo& i) {
    i.net.inputs[0].place.perm = {0, 1, 1, 2};
  });
  bad("inputs[0]: perm", [](StoreInfo& i) {
    i.net.inputs[0].place.perm = {0, 4, 1, 2};
  });
  bad("inputs[0]: scale", [](StoreInfo& i) { i.net.inputs[0].scale = 0; });
  bad("inputs[0]: zero", [](StoreInfo& i) { i.net.inputs[0].zero = 200; });
  bad("outputs[0]: shape", [](StoreInfo& i) {
    i.graph.tensors[2].shape = {0, 7};
  });
  bad("outputs[0]: shape", [](StoreInfo& i) {
    i.graph.tensors[2].shape = {60000, 60000};
  });
}

TEST(StoreInfoFile, ADetectorsOperatorIsRead) {
  StoreInfo info = sample();
  DetectionOp op;
  op.name = "found";
  op.boxes = {{{0, 0.1f, 3}, {1, 0.3f, 5}}, 0.7f, 120};
  op.scores = {{{1}}};
  op.candidates = 1, op.values = 14, op.classes = 6;
  op.background = true;
  op.most = 10;
  op.score = 1e-8f, op.overlap = 0.6f;
  op.anchors = {0.1f, 0.2f, 0.3f, 0.4f};
  info.detection = op;
  const StoreInfo read = parse(format_store_info(info, {}));
  EXPECT_EQ(read.detection, info.detection);
  const auto bad = [&info](const char* what, auto change) {
    StoreInfo changed = info;
    change(*changed.detection);
    refused(format_store_info(changed, {}), {}, Exit::kCorrupt, what);
  };
  bad("boxes are outputs of another size",
      [](DetectionOp& op) { op.values = 13; });
  bad("scores are outputs of another size",
      [](DetectionOp& op) { op.background = false; });
  bad("output", [](DetectionOp& op) { op.boxes.parts[1].output = 2; });
  bad("joined in scales", [](DetectionOp& op) { op.boxes.scale = -1; });
  bad("values of anchors", [](DetectionOp& op) { op.anchors.pop_back(); });
  bad("anchor 0", [](DetectionOp& op) { op.anchors[3] = -1; });
  bad("nms_iou_threshold", [](DetectionOp& op) { op.overlap = 0; });
}

// A number that a double holds and a float does not.
TEST(StoreInfoFile, AnInfiniteScaleIsNamed) {
  std::string text = format_store_info(sample(), {});
  const std::string scale = "\"scale\": ", tag = "\"tag\": \"";
  const size_t at = text.find(scale, text.find("\"outputs\"")) + scale.size();
  text.replace(at, text.find_first_of(",\n", at) - at, "1e300");
  const size_t digits = text.rfind(tag) + tag.size();
  text.replace(digits, 64, 64, '0');
  const std::string all = "shoal store.json " + text;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(all.data());
  text.replace(digits, 64, sha256_hex({bytes, all.size()}));
  refused(text, {}, Exit::kCorrupt, "outputs[0]: scale is too large");
}

}  // namespace
}  // namespace shoal
