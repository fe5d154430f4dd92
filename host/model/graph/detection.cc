#include "host/model/graph/detection.h"

#include <cmath>

namespace shoal {
namespace {

std::optional<std::string> wrong_scale(const char* name, float scale) {
  if (std::isfinite(scale) && scale > 0) return std::nullopt;
  return std::string(name) + " is " + std::to_string(scale) +
         ", not a positive number";
}

std::optional<std::string> wrong_count(const char* name, int count) {
  constexpr int kMost = 1 << 24;
  if (count > 0 && count <= kMost) return std::nullopt;
  return std::string(name) + " is " + std::to_string(count) +
         ", not from 1 to " + std::to_string(kMost);
}

std::optional<std::string> wrong_operand(const char* name,
                                         const DetectionOperand& x) {
  const auto byte = [](float scale, int zero) {
    return std::isfinite(scale) && scale > 0 && zero >= 0 && zero <= 255;
  };
  bool good = !x.parts.empty();
  if (x.scale == 0) {
    good = x.parts.size() == 1;
  } else {
    good = good && byte(x.scale, x.zero);
    for (const auto& part : x.parts) good = good && byte(part.scale, part.zero);
  }
  if (good) return std::nullopt;
  return std::string(name) + " are joined in scales that are none";
}

}  // namespace

std::optional<std::string> wrong_with(const DetectionOp& op) {
  for (const auto& wrong :
       {wrong_count("max_detections", op.most),
        wrong_count("num_classes", op.classes),
        wrong_count("the number of candidates", op.candidates),
        wrong_count("max_classes_per_detection", op.classes_per_box),
        op.regular ? wrong_count("detections_per_class", op.most_of_class)
                   : std::nullopt,
        wrong_operand("boxes", op.boxes), wrong_operand("scores", op.scores),
        wrong_scale("y_scale", op.y_scale), wrong_scale("x_scale", op.x_scale),
        wrong_scale("h_scale", op.h_scale),
        wrong_scale("w_scale", op.w_scale)}) {
    if (wrong) return wrong;
  }
  if (!std::isfinite(op.score)) return "nms_score_threshold is no number";
  if (!(op.overlap > 0 && op.overlap <= 1)) {
    return "nms_iou_threshold is " + std::to_string(op.overlap) +
           ", not above 0 and at most 1";
  }
  if (op.values < 4) return "boxes have fewer than 4 values";
  const size_t wanted = static_cast<size_t>(op.candidates) * 4;
  if (op.anchors.size() != wanted) {
    return "there are " + std::to_string(op.anchors.size()) +
           " values of anchors, not " + std::to_string(wanted);
  }
  for (size_t i = 0; i < op.anchors.size(); ++i) {
    const bool size = i % 4 >= 2;
    if (std::isfinite(op.anchors[i]) && !(size && op.anchors[i] < 0)) continue;
    return "anchor " + std::to_string(i / 4) + " is " +
           (size ? "of negative or infinite size" : "at no place");
  }
  return std::nullopt;
}

}  // namespace shoal
