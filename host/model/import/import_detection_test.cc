// Files that end in TFLite_Detection_PostProcess.
#include <gtest/gtest.h>

#include <optional>

#include "host/base/error.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/detector.h"

namespace shoal {
namespace {

struct Imported {
  Graph graph;
  std::optional<DetectionOp> detection;
};

Imported imported(const ModelBuilder& b, const ImportOptions& options = {}) {
  Imported out;
  out.graph = import_tflite(b.finish(), "m", options, &out.detection);
  return out;
}

std::string refusal_of(const ModelBuilder& b, Exit code) {
  try {
    imported(b);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  return "imported";
}

TEST(ImportDetection, TheNetworkEndsBeforeIt) {
  const DetectionOp meant = detector_settings();
  for (const Type type : {Type::kInt8, Type::kUint8, Type::kFloat32}) {
    const Imported m = imported(detector(type));
    ASSERT_TRUE(m.detection);
    DetectionOp op = *m.detection;
    EXPECT_EQ(op.name, "found");
    EXPECT_EQ(op.candidates, kDetectorCandidates);
    EXPECT_TRUE(op.background);
    EXPECT_EQ(op.anchors, meant.anchors);
    EXPECT_EQ(op.score, meant.score);
    EXPECT_EQ(op.overlap, meant.overlap);
    EXPECT_EQ(op.h_scale, meant.h_scale);
    EXPECT_EQ(op.boxes, (DetectionOperand{{{0}}}));
    EXPECT_EQ(op.scores, (DetectionOperand{{{1}}}));
    ASSERT_EQ(m.graph.outputs.size(), 2u);
    const auto name = [&](size_t i) {
      return m.graph.tensors[static_cast<size_t>(m.graph.outputs[i])].name;
    };
    EXPECT_EQ(name(0), "boxes");
    EXPECT_EQ(name(1), "scores");
  }
}

TEST(ImportDetection, WhoEndsTheModelEarlierHasNone) {
  const Imported m = imported(detector(), {.outputs = {"scores"}});
  EXPECT_FALSE(m.detection);
  EXPECT_EQ(m.graph.outputs.size(), 1u);
}

TEST(ImportDetection, OtherOutputsFollow) {
  ModelBuilder whole = detector();
  whole.raw().outputs.insert(whole.raw().outputs.begin(),
                             whole.raw().ops[0].outputs[0]);
  const Imported m = imported(whole);
  ASSERT_TRUE(m.detection);
  EXPECT_EQ(m.detection->boxes.parts.at(0).output, 0);
  EXPECT_EQ(m.graph.outputs.size(), 3u);
}

TEST(ImportDetection, AJoinThatRescalesComesInParts) {
  const Imported m =
      imported(detector(Type::kUint8, detector_settings(), true));
  ASSERT_TRUE(m.detection);
  const DetectionOperand& boxes = m.detection->boxes;
  ASSERT_EQ(boxes.parts.size(), 2u);
  EXPECT_EQ(boxes.scale, 0.07f);
  EXPECT_EQ(boxes.zero, 120);
  EXPECT_EQ(boxes.parts[0].scale, 0.1f);
  EXPECT_EQ(boxes.parts[0].zero, 133);
  EXPECT_EQ(boxes.parts[1].output, 1);
  EXPECT_EQ(m.graph.outputs.size(), 3u);
  for (const Op& op : m.graph.ops) {
    const Tensor& y = m.graph.tensors[static_cast<size_t>(op.outputs[0])];
    EXPECT_NE(y.name, "boxes");
  }
}

TEST(ImportDetection, WhatSomethingReadsIsNoEnd) {
  ModelBuilder b = detector();
  const int found = b.raw().outputs[0];
  b.raw().tensors[static_cast<size_t>(found)].shape = {1, 5, 4};
  b.output(b.reshape(found, {5, 4}));
  const std::string what = refusal_of(b, Exit::kUnsupported);
  EXPECT_NE(what.find("TFLite_Detection_PostProcess"), std::string::npos)
      << what;
}

TEST(ImportDetection, WhatIsWrongIsNamed) {
  const auto with = [](auto change) {
    DetectionOp op = detector_settings();
    change(op);
    return refusal_of(detector(Type::kInt8, op), Exit::kCorrupt);
  };
  const auto says = [](const std::string& what, const char* text) {
    EXPECT_NE(what.find(text), std::string::npos) << what;
    EXPECT_NE(what.find("TFLite_Detection_PostProcess"), std::string::npos);
  };
  says(with([](DetectionOp& op) { op.y_scale = 0; }), "y_scale is 0");
  says(with([](DetectionOp& op) { op.overlap = 0; }), "nms_iou_threshold");
  says(with([](DetectionOp& op) { op.overlap = 1.5f; }), "nms_iou_threshold");
  says(with([](DetectionOp& op) { op.most = 0; }), "max_detections is 0");
  says(with([](DetectionOp& op) { op.most = -3; }), "max_detections is -3");
  says(with([](DetectionOp& op) { op.classes_per_box = 0; }),
       "max_classes_per_detection is 0");
  says(with([](DetectionOp& op) { op.classes = 4; }), "1xNx4 (or one more)");
  says(with([](DetectionOp& op) { op.anchors[2] = -1; }),
       "anchor 0 is of negative or infinite size");
  says(with([](DetectionOp& op) { op.anchors.resize(76); }),
       "there are 76 values of anchors, not 80");
  ModelBuilder b = detector();
  b.raw().ops.back().custom_options.clear();
  says(refusal_of(b, Exit::kCorrupt), "it has no options");
  b = detector();
  b.raw().ops.back().inputs.pop_back();
  says(refusal_of(b, Exit::kCorrupt), "2 operands and 4 results");
}

// A legal description or an error of its own, whatever stands in the options.
TEST(ImportDetection, DamagedOptions) {
  const ModelBuilder whole = detector();
  const std::vector<uint8_t> options = whole.raw().ops.back().custom_options;
  int legal = 0, refused = 0;
  const auto look = [&](const std::vector<uint8_t>& bytes) {
    DetectionOp op = detector_settings();
    const auto wrong = read_detection_options(bytes, op);
    if (wrong) {
      EXPECT_FALSE(wrong->empty());
      ++refused;
      return;
    }
    ++legal;
    static_cast<void>(wrong_with(op));
  };
  for (size_t n = 0; n < options.size(); ++n) {
    look({options.begin(), options.begin() + static_cast<std::ptrdiff_t>(n)});
    look({options.begin() + static_cast<std::ptrdiff_t>(n), options.end()});
  }
  for (size_t i = 0; i < options.size() * 8; ++i) {
    std::vector<uint8_t> flipped = options;
    flipped[i / 8] ^= static_cast<uint8_t>(1 << i % 8);
    look(flipped);
  }
  EXPECT_GT(refused, static_cast<int>(options.size()));
  EXPECT_GT(legal, 0);
}

}  // namespace
}  // namespace shoal
