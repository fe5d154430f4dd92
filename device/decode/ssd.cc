#include "device/decode/ssd.h"

#include "device/decode/exponential.h"

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
      0.5 *
      exponential(static_cast<double>(code) / static_cast<double>(scale)) *
      static_cast<double>(size));
}

float larger(float a, float b) { return a < b ? b : a; }
float smaller(float a, float b) { return b < a ? b : a; }

}  // namespace

DetectedBox SsdBoxes::place(int candidate) const {
  const float* const anchor = s_.anchors + 4 * candidate;
  const auto first = static_cast<uint32_t>(candidate * s_.values);
  const float y = centre_of(boxes_[first], s_.y_scale, anchor[2], anchor[0]);
  const float x =
      centre_of(boxes_[first + 1], s_.x_scale, anchor[3], anchor[1]);
  const float h = half_of(boxes_[first + 2], s_.h_scale, anchor[2]);
  const float w = half_of(boxes_[first + 3], s_.w_scale, anchor[3]);
  DetectedBox box;
  box.left = x - w, box.top = y - h, box.right = x + w, box.bottom = y + h;
  return box;
}

// Scores that are no numbers stand for nothing: "not at most" passes over them.
float SsdBoxes::best(int candidate, int& c) const {
  float most = score(candidate, 0);
  c = 0;
  for (int i = 1; i < s_.classes; ++i) {
    const float other = score(candidate, i);
    if (!(other <= most)) {
      most = other;
      c = i;
    }
  }
  return most;
}

bool SsdBoxes::overlap(const DetectedBox& a, const DetectedBox& b) const {
  const float area_a = (a.bottom - a.top) * (a.right - a.left);
  const float area_b = (b.bottom - b.top) * (b.right - b.left);
  if (area_a <= 0 || area_b <= 0) return false;
  const float height = smaller(a.bottom, b.bottom) - larger(a.top, b.top);
  const float width = smaller(a.right, b.right) - larger(a.left, b.left);
  const float both = larger(height, 0) * larger(width, 0);
  return both / (area_a + area_b - both) > overlap_;
}

bool SsdBoxes::may_follow(const Choice& choice, const Choice& last,
                          const DetectedBox* kept, uint32_t count) const {
  if (last.candidate >= 0) {
    if (choice.score > last.score) return false;
    const bool is_before =
        choice.c < last.c ||
        (choice.c == last.c && choice.candidate <= last.candidate);
    if (choice.score == last.score &&
        (s_.regular ? is_before : choice.candidate <= last.candidate)) {
      return false;
    }
  }
  int of_class = 0;
  DetectedBox box;
  if (count > 0) box = place(choice.candidate);
  for (uint32_t k = 0; k < count; ++k) {
    if (s_.regular && kept[k].index != choice.c) continue;
    if (overlap(kept[k], box)) return false;
    ++of_class;
  }
  return !s_.regular || of_class < s_.most_of_class;
}

// Class by class, so that of equal ones the first class's come first.
SsdBoxes::Choice SsdBoxes::next(float least, const Choice& last,
                                const DetectedBox* kept, uint32_t count) const {
  Choice found;
  for (int turn = 0; turn < (s_.regular ? s_.classes : 1); ++turn) {
    for (int i = 0; i < s_.candidates; ++i) {
      Choice choice{i, turn, 0};
      choice.score = s_.regular ? score(i, turn) : best(i, choice.c);
      if (!(choice.score >= s_.score) || !(choice.score >= least)) continue;
      if (found.candidate >= 0 && !(choice.score > found.score)) continue;
      if (may_follow(choice, last, kept, count)) found = choice;
    }
  }
  return found;
}

uint32_t SsdBoxes::find(float least, int width, int height, DetectedBox* to,
                        uint32_t most) const {
  uint32_t count = 0;
  Choice last;
  while (count < most && count < static_cast<uint32_t>(s_.most)) {
    last = next(least, last, to, count);
    if (last.candidate < 0) break;
    to[count] = place(last.candidate);
    to[count].index = last.c;
    to[count].score = last.score;
    to[count].candidate = static_cast<uint32_t>(last.candidate);
    ++count;
  }
  for (uint32_t i = 0; i < count; ++i) {
    to[i].left *= static_cast<float>(width);
    to[i].right *= static_cast<float>(width);
    to[i].top *= static_cast<float>(height);
    to[i].bottom *= static_cast<float>(height);
  }
  return count;
}

}  // namespace shoal
