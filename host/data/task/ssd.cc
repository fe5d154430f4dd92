#include "host/data/task/ssd.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/data/task/heads.h"

namespace shoal {
namespace {

Values values_of(std::span<const float> v) {
  return {v.data(), static_cast<uint32_t>(v.size()), true};
}

class PostProcess {
 public:
  PostProcess(const DetectionOp& op, std::span<const float> boxes,
              std::span<const float> scores, float overlap)
      : op_(op),
        all_(ssd_settings(op), values_of(boxes), values_of(scores), overlap) {
    for (int i = 0; i < op.candidates; ++i) places_.push_back(all_.place(i));
  }

  // The best class of a box stands for it, whichever it is.
  std::vector<Detection> all_together() const {
    std::vector<float> best(places_.size());
    for (size_t i = 0; i < best.size(); ++i) {
      int c = 0;
      best[i] = all_.best(static_cast<int>(i), c);
    }
    std::vector<Detection> found;
    for (const size_t i : suppress(best, op_.most)) {
      for (const int c : best_classes(i)) found.push_back(detection(i, c));
    }
    return found;
  }

  std::vector<Detection> class_by_class() const {
    std::vector<Detection> found;
    std::vector<float> of_class(places_.size());
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
    return all_.score(static_cast<int>(box), c);
  }

  Detection detection(size_t box, int c) const {
    const DetectedBox& b = places_[box];
    return {b.left, b.top, b.right, b.bottom, c, score(box, c)};
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
      if (std::ranges::none_of(kept, [&](size_t k) {
            return all_.overlap(places_[k], places_[i]);
          })) {
        kept.push_back(i);
      }
    }
    return kept;
  }

  const DetectionOp& op_;
  const SsdBoxes all_;
  std::vector<DetectedBox> places_;
};

}  // namespace

SsdSettings ssd_settings(const DetectionOp& op) {
  SsdSettings s;
  s.candidates = op.candidates;
  s.classes = op.classes;
  s.values = op.values;
  s.background = op.background;
  s.regular = op.regular;
  s.most = op.most;
  s.most_of_class = op.most_of_class;
  s.score = op.score;
  s.y_scale = op.y_scale, s.x_scale = op.x_scale;
  s.h_scale = op.h_scale, s.w_scale = op.w_scale;
  s.anchors = op.anchors.data();
  return s;
}

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
