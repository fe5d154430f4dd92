#include <cstring>

#include "host/base/error.h"
#include "host/model/export/export.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {
namespace {

class Appending {
 public:
  Appending(RawModel& raw, const DetectionOp& op) : raw_(raw), op_(op) {}

  std::vector<uint8_t> run() {
    const std::vector<int> were = raw_.outputs;
    RawOp post;
    post.code = 32;
    post.custom = "TFLite_Detection_PostProcess";
    post.custom_options = write_detection_options(op_);
    const int boxes = output_of(op_.boxes), scores = output_of(op_.scores);
    post.inputs = {real(boxes), real(scores), anchors()};
    const int rows = op_.most * op_.classes_per_box;
    for (const Shape& shape :
         {Shape{1, rows, 4}, Shape{1, rows}, Shape{1, rows}, Shape{1}}) {
      const std::string number =
          post.outputs.empty() ? "" : ":" + std::to_string(post.outputs.size());
      post.outputs.push_back(add(op_.name + number, shape));
    }
    raw_.outputs = post.outputs;
    for (const int t : were) {
      if (t != boxes && t != scores) raw_.outputs.push_back(t);
    }
    raw_.ops.push_back(std::move(post));
    return encode(raw_);
  }

 private:
  int output_of(const DetectionOperand& x) const {
    return raw_.outputs.at(static_cast<size_t>(x.parts.at(0).output));
  }

  int add(const std::string& name, const Shape& shape) {
    RawTensor t;
    t.name = name;
    t.type = kCodeFloat32;
    t.shape = shape;
    raw_.tensors.push_back(std::move(t));
    return static_cast<int>(raw_.tensors.size()) - 1;
  }

  // TensorFlow Lite computes the operator on uint8 and float32.
  int real(int t) {
    const RawTensor from = raw_.tensors[static_cast<size_t>(t)];
    if (from.type == kCodeFloat32) return t;
    RawOp op;
    op.code = op_info(OpKind::kDequantize).code;
    op.options.code = static_cast<int>(OptionsCode::kDequantize);
    op.inputs = {t};
    op.outputs = {add(from.name + "/real", from.shape)};
    raw_.ops.push_back(op);
    return op.outputs[0];
  }

  int anchors() {
    bytes_.resize(op_.anchors.size() * sizeof(float));
    std::memcpy(bytes_.data(), op_.anchors.data(), bytes_.size());
    const int t = add(op_.name + "/anchors", {op_.candidates, 4});
    raw_.tensors[static_cast<size_t>(t)].buffer =
        static_cast<uint32_t>(raw_.buffers.size());
    raw_.buffers.emplace_back(bytes_);
    return t;
  }

  RawModel& raw_;
  const DetectionOp& op_;
  std::vector<uint8_t> bytes_;
};

}  // namespace

std::vector<uint8_t> append_detection(std::span<const uint8_t> file,
                                      const std::string& name,
                                      const DetectionOp& op) {
  if (op.boxes.parts.size() != 1 || op.scores.parts.size() != 1) {
    throw Error(Exit::kInternal, name + ": detections of joined operands");
  }
  RawModel raw = decode(file, name);
  return Appending(raw, op).run();
}

}  // namespace shoal
