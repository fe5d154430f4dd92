#include "host/model/import/testing/detector.h"

#include <cstring>

namespace shoal {
namespace {

std::vector<int8_t> pattern(size_t count, int step) {
  std::vector<int8_t> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = static_cast<int8_t>(static_cast<int>(i) * step % 31 - 15);
  }
  return values;
}

// Channels of every cell of a grid, as rows of `columns`.
int head(ModelBuilder& b, int x, int channels, int columns,
         ModelBuilder::Scale scale, int step) {
  const Shape s = b.shape(x);
  const int w = b.weights({channels, 1, 1, s[3]},
                          pattern(static_cast<size_t>(channels * s[3]), step),
                          {0.02f}, 0);
  const int y = b.conv(x, w, -1, scale);
  return b.reshape(y, {1, s[1] * s[2] * channels / columns, columns});
}

}  // namespace

DetectionOp detector_settings() {
  DetectionOp op;
  op.classes = 2;
  op.most = 5;
  op.classes_per_box = 1;
  op.score = 0.3f;
  op.overlap = 0.5f;
  op.y_scale = op.x_scale = 10;
  op.h_scale = op.w_scale = 5;
  for (const int cells : {4, 2}) {
    for (int i = 0; i < cells * cells; ++i) {
      const auto n = static_cast<float>(cells);
      op.anchors.insert(
          op.anchors.end(),
          {(static_cast<float>(i / cells) + 0.5f) / n,
           (static_cast<float>(i % cells) + 0.5f) / n, 1 / n, 1 / n});
    }
  }
  return op;
}

ModelBuilder detector(Type type, const DetectionOp& op, bool rescaled) {
  ModelBuilder b(type);
  const int x = b.input({1, 32, 32, 3}, {1 / 128.f, 0});
  const int w = b.weights({6, 3, 3, 3}, pattern(6 * 27, 7), {0.01f}, 0);
  const int fine =
      b.conv(x, w, -1, {0.03f, -20}, {.stride_h = 8, .stride_w = 8});
  const int w2 = b.weights({6, 2, 2, 6}, pattern(6 * 24, 5), {0.02f}, 0);
  const int coarse =
      b.conv(fine, w2, -1, {0.05f, -10}, {.stride_h = 2, .stride_w = 2});
  // The second is not what a fixed-point multiplier makes of the first.
  const ModelBuilder::Scale near{0.05f, -3};
  const ModelBuilder::Scale far =
      rescaled ? ModelBuilder::Scale{0.1f, 5} : near;
  const int boxes = b.concatenation(
      {head(b, fine, 4, 4, far, 11), head(b, coarse, 4, 4, near, 5)}, 1);
  const int scores = b.logistic(b.concatenation(
      {head(b, fine, 3, 3, {0.1f, 0}, 3), head(b, coarse, 3, 3, {0.1f, 0}, 13)},
      1));
  if (rescaled) {
    RawTensor& joined = b.raw().tensors[static_cast<size_t>(boxes)];
    joined.scale = {0.07f};
    joined.zero = {120};
  }
  b.rename(boxes, "boxes");
  b.rename(scores, "scores");
  std::vector<uint8_t> bytes(op.anchors.size() * sizeof(float));
  std::memcpy(bytes.data(), op.anchors.data(), bytes.size());
  const int anchors =
      b.constant({static_cast<int>(op.anchors.size() / 4), 4},
                 std::vector<int8_t>(op.anchors.size()), {1, 0});
  b.data(anchors) = bytes;
  RawTensor& t = b.raw().tensors[static_cast<size_t>(anchors)];
  t.type = kCodeFloat32;
  t.scale.clear();
  t.zero.clear();
  RawOp post;
  post.code = 32;
  post.custom = "TFLite_Detection_PostProcess";
  post.custom_options = write_detection_options(op);
  post.inputs = {boxes, scores, anchors};
  for (const char* name : {"found", "found:1", "found:2", "found:3"}) {
    RawTensor result;
    result.name = name;
    result.type = kCodeFloat32;
    const auto number = static_cast<int>(b.raw().tensors.size());
    post.outputs.push_back(number);
    b.raw().tensors.push_back(result);
    b.output(number);
  }
  b.raw().ops.push_back(post);
  return b;
}

}  // namespace shoal
