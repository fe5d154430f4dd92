#include "host/data/task/ssd.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/data/task/heads.h"

namespace shoal {
namespace {

// A centre and half a size, in the kernel's mixture of double and float.
float centre_of(float code, float scale, float size, float at) {
  return static_cast<float>(static_cast<double>(code) /
                                static_cast<double>(scale) *
                                static_cast<double>(size) +
                            static_cast<double>(at));
}
float half_of(float code, float scale, float size) {
  return static_cast<float>(
      0.5 * std::exp(static_cast<double>(code) / static_cast<double>(scale)) *
      static_cast<double>(size));
}

class PostProcess {
 public:
  PostProcess(const DetectionOp& op, std::span<const float> boxes,
              std::span<const float> scores, float overlap)
      : op_(op), scores_(scores), overlap_(overlap) {
    for (int i = 0; i < op.candidates; ++i) {
      const float* const code =
          &boxes[static_cast<size_t>(i) * static_cast<size_t>(op.values)];
      const float* const anchor = &op.anchors[static_cast<size_t>(i) * 4];
      const float y = centre_of(code[0], op.y_scale, anchor[2], anchor[0]);
      const float x = centre_of(code[1], op.x_scale, anchor[3], anchor[1]);
      const float h = half_of(code[2], op.h_scale, anchor[2]);
      const float w = half_of(code[3], op.w_scale, anchor[3]);
      boxes_.push_back({x - w, y - h, x + w, y + h});
    }
  }

  // The best class of a box stands for it, whichever it is.
  std::vector<Detection> all_together() const {
    std::vector<float> best(boxes_.size());
    for (size_t i = 0; i < best.size(); ++i) {
      best[i] = score(i, 0);
      for (int c = 1; c < op_.classes; ++c) {
        if (!(score(i, c) <= best[i])) best[i] = score(i, c);
      }
    }
    std::vector<Detection> found;
    for (const size_t i : suppress(best, op_.most)) {
      for (const int c : best_classes(i)) found.push_back(detection(i, c));
    }
    return found;
  }

  std::vector<Detection> class_by_class() const {
    std::vector<Detection> found;
    std::vector<float> of_class(boxes_.size());
    for (int c = 0; c < op_.classes; ++c) {
      for (size_t i = 0; i < of_class.size(); ++i) of_class[i] = score(i, c);
      for (const size_t i : suppress(of_class, op_.most_of_class)) {
        found.push_back(detection(i, c));
      }
    }
    std::ranges::stable_sort(found, std::ranges::greater{}, &Detection::score);
    found.resize(std::min(found.size(), static_cast<size_t>(op_.most)));
    return found;
  }

 private:
  float score(size_t box, int c) const {
    const auto columns = static_cast<size_t>(op_.classes + op_.background);
    return scores_[box * columns + static_cast<size_t>(c + op_.background)];
  }

  Detection detection(size_t box, int c) const {
    Detection d = boxes_[box];
    d.index = c;
    d.score = score(box, c);
    return d;
  }

  std::vector<int> best_classes(size_t box) const {
    std::vector<int> classes(static_cast<size_t>(op_.classes));
    std::iota(classes.begin(), classes.end(), 0);
    std::erase_if(classes, [&](int c) { return std::isnan(score(box, c)); });
    std::ranges::stable_sort(classes, std::ranges::greater{},
                             [&](int c) { return score(box, c); });
    classes.resize(
        std::min(classes.size(), static_cast<size_t>(op_.classes_per_box)));
    return classes;
  }

  // Boxes, the strongest first, without those that overlap a stronger one.
  std::vector<size_t> suppress(const std::vector<float>& scores,
                               int most) const {
    std::vector<size_t> left;
    for (size_t i = 0; i < scores.size(); ++i) {
      if (scores[i] >= op_.score) left.push_back(i);
    }
    std::ranges::stable_sort(left, std::ranges::greater{},
                             [&](size_t i) { return scores[i]; });
    std::vector<size_t> kept;
    for (const size_t i : left) {
      if (static_cast<int>(kept.size()) == most) break;
      if (std::ranges::none_of(kept, [&](size_t k) { return overlap(k, i); })) {
        kept.push_back(i);
      }
    }
    return kept;
  }

  bool overlap(size_t strong, size_t weak) const {
    const Detection &a = boxes_[strong], &b = boxes_[weak];
    const float area_a = (a.bottom - a.top) * (a.right - a.left);
    const float area_b = (b.bottom - b.top) * (b.right - b.left);
    if (area_a <= 0 || area_b <= 0) return false;
    const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
    const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
    const float both = std::max(height, 0.f) * std::max(width, 0.f);
    return both / (area_a + area_b - both) > overlap_;
  }

  const DetectionOp& op_;
  const std::span<const float> scores_;
  const float overlap_;
  std::vector<Detection> boxes_;
};

}  // namespace

std::vector<Detection> post_process(const DetectionOp& op,
                                    std::span<const float> boxes,
                                    std::span<const float> scores,
                                    float overlap) {
  const PostProcess process(op, boxes, scores, overlap);
  return op.regular ? process.class_by_class() : process.all_together();
}

namespace {

// Returns all values of an operand; those of a join as TensorFlow Lite's
// CONCATENATION rounds them.
std::vector<float> operand_of(const DetectionOperand& x,
                              const std::vector<RealOutput>& outputs) {
  if (x.scale == 0) {
    return outputs[static_cast<size_t>(x.parts[0].output)].v;
  }
  std::vector<float> all;
  for (const auto& part : x.parts) {
    const float ratio = part.scale * (1.f / x.scale);
    const float bias = -static_cast<float>(part.zero) * ratio;
    for (const float v : outputs[static_cast<size_t>(part.output)].v) {
      const float byte =
          std::round(v / part.scale) + static_cast<float>(part.zero);
      const float scaled = byte * ratio;
      const float joined = std::clamp(
          std::round(scaled + bias) + static_cast<float>(x.zero), 0.f, 255.f);
      all.push_back((joined - static_cast<float>(x.zero)) * x.scale);
    }
  }
  return all;
}

}  // namespace

bool fits_ssd(const std::vector<Shape>&, const HeadInput& in) {
  return in.detection != nullptr && in.width > 0;
}

HeadFindings read_ssd(const std::vector<RealOutput>& outputs,
                      const HeadInput& in, const HeadOptions& options) {
  const DetectionOp& op = *in.detection;
  HeadFindings found;
  found.boxes = post_process(op, operand_of(op.boxes, outputs),
                             operand_of(op.scores, outputs),
                             options.overlap.value_or(op.overlap));
  std::erase_if(found.boxes, [&](const Detection& b) {
    return !(b.score >= options.score);
  });
  for (Detection& b : found.boxes) {
    b.left *= static_cast<float>(in.width);
    b.right *= static_cast<float>(in.width);
    b.top *= static_cast<float>(in.height);
    b.bottom *= static_cast<float>(in.height);
  }
  return found;
}

}  // namespace shoal
