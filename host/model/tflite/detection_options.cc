// The options of TFLite_Detection_PostProcess: a map in a flexbuffer.
#include <flatbuffers/flexbuffers.h>

#include <cmath>
#include <cstring>

#include "host/model/tflite/raw_model.h"

namespace shoal {
namespace {

// A field that is absent is 0, as it is to TensorFlow Lite.
class Fields {
 public:
  explicit Fields(const flexbuffers::Map& map) : map_(map) {}

  double real(const char* name) {
    const flexbuffers::Reference field = map_[name];
    if (field.IsNull()) return 0;
    if (field.IsNumeric() || field.IsBool()) return field.AsDouble();
    wrong_ = std::string(name) + " is no number";
    return 0;
  }
  int count(const char* name) {
    const double value = real(name);
    if (value == std::floor(value) && std::fabs(value) < 1e9) {
      return static_cast<int>(value);
    }
    wrong_ = std::string(name) + " is no whole number below 1,000,000,000";
    return 0;
  }
  float single(const char* name) { return static_cast<float>(real(name)); }
  bool has(const char* name) const { return !map_[name].IsNull(); }
  const std::optional<std::string>& wrong() const { return wrong_; }

 private:
  const flexbuffers::Map& map_;
  std::optional<std::string> wrong_;
};

}  // namespace

std::optional<std::string> read_detection_options(
    std::span<const uint8_t> options, DetectionOp& op) {
  if (options.empty()) return "it has no options";
  // The Verifier wants scalars aligned; and it does not see that the last key
  // ends, so zeros follow.
  std::vector<uint64_t> words(options.size() / sizeof(uint64_t) + 2, 0);
  std::memcpy(words.data(), options.data(), options.size());
  const auto* const bytes = reinterpret_cast<const uint8_t*>(words.data());
  if (!flexbuffers::VerifyBuffer(bytes, options.size())) {
    return "its options are no flexbuffer";
  }
  const flexbuffers::Reference root =
      flexbuffers::GetRoot(bytes, options.size());
  if (!root.IsMap()) return "its options are no map";
  const flexbuffers::Map map = root.AsMap();
  Fields f(map);
  op.most = f.count("max_detections");
  op.classes = f.count("num_classes");
  op.classes_per_box = f.count("max_classes_per_detection");
  if (f.has("detections_per_class")) {
    op.most_of_class = f.count("detections_per_class");
  }
  op.regular = f.real("use_regular_nms") != 0;
  op.score = f.single("nms_score_threshold");
  op.overlap = f.single("nms_iou_threshold");
  op.y_scale = f.single("y_scale");
  op.x_scale = f.single("x_scale");
  op.h_scale = f.single("h_scale");
  op.w_scale = f.single("w_scale");
  return f.wrong();
}

std::vector<uint8_t> write_detection_options(const DetectionOp& op) {
  flexbuffers::Builder b;
  b.Map([&] {
    b.Int("max_detections", op.most);
    b.Int("num_classes", op.classes);
    b.Int("max_classes_per_detection", op.classes_per_box);
    b.Int("detections_per_class", op.most_of_class);
    b.Bool("use_regular_nms", op.regular);
    b.Float("nms_score_threshold", op.score);
    b.Float("nms_iou_threshold", op.overlap);
    b.Float("y_scale", op.y_scale);
    b.Float("x_scale", op.x_scale);
    b.Float("h_scale", op.h_scale);
    b.Float("w_scale", op.w_scale);
  });
  b.Finish();
  return b.GetBuffer();
}

}  // namespace shoal
