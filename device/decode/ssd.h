/// @file
/// The arithmetic of TFLite_Detection_PostProcess, as TensorFlow Lite's kernel
/// has it: boxes are decoded around anchors, and those that overlap a stronger
/// one go.
#pragma once

#include <cstdint>

#include "device/decode/boxes.h"
#include "device/decode/values.h"

namespace shoal {

struct SsdSettings {
  int candidates = 0;       ///< rows of boxes and scores
  int classes = 0;          ///< without the background
  int values = 4;           ///< columns of boxes, of which four count
  bool background = false;  ///< column 0 of scores is no class
  bool regular = false;     ///< each class by itself, else all of them together
  int most = 0;             ///< boxes at the end
  int most_of_class = 100;  ///< boxes, if `regular`
  float score = 0;          ///< of a candidate at least
  float y_scale = 1, x_scale = 1, h_scale = 1, w_scale = 1;
  /// Centre y and x, height and width of each candidate, in parts of the
  /// picture; must outlive SsdBoxes.
  const float* anchors = nullptr;
};

class SsdBoxes {
 public:
  /// `boxes`: candidates x values; `scores`: candidates x classes, with the
  /// background if there is one. Two boxes that overlap by more than `overlap`
  /// are one thing.
  SsdBoxes(const SsdSettings& settings, const Values& boxes,
           const Values& scores, float overlap)
      : s_(settings), boxes_(boxes), scores_(scores), overlap_(overlap) {}

  /// Returns the place of a candidate, in parts of the picture.
  DetectedBox place(int candidate) const;
  float score(int candidate, int c) const {
    const int columns = s_.classes + (s_.background ? 1 : 0);
    return scores_[static_cast<uint32_t>(candidate * columns + c +
                                         (s_.background ? 1 : 0))];
  }
  /// Returns the score that stands for a candidate, whichever class it is of,
  /// and the first class of those that score best.
  float best(int candidate, int& c) const;
  /// Returns whether the weaker box goes.
  bool overlap(const DetectedBox& strong, const DetectedBox& weak) const;

  /// Writes the strongest boxes with at least `least` to `to`, which has room
  /// for `most`, and returns how many, each with its best class. They are in
  /// pixels of a `width` x `height` picture.
  uint32_t find(float least, int width, int height, DetectedBox* to,
                uint32_t most) const;

 private:
  struct Choice {
    int candidate = -1, c = 0;
    float score = 0;
  };
  // Returns whether the choice may follow those that are kept.
  bool may_follow(const Choice&, const Choice& last, const DetectedBox* kept,
                  uint32_t count) const;
  Choice next(float least, const Choice& last, const DetectedBox* kept,
              uint32_t count) const;

  const SsdSettings s_;
  const Values boxes_, scores_;
  const float overlap_;
};

}  // namespace shoal
