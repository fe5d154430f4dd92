/// @file
/// The classes with the best scores, found while the rows of an output come.
#pragma once

#include <cstdint>

namespace shoal {

/// The best `kMost` of the int8 scores of output 0; of equal ones the first.
template <uint32_t kMost>
class TopClasses {
 public:
  /// FrameEnds::take, with a TopClasses as `user`.
  static bool take(void* user, uint32_t output, uint32_t offset,
                   const uint8_t* from, uint32_t bytes) {
    if (output != 0) return true;
    for (uint32_t i = 0; i < bytes; ++i) {
      static_cast<TopClasses*>(user)->add(offset + i,
                                          static_cast<int8_t>(from[i]));
    }
    return true;
  }

  /// Returns how many classes there are, at most kMost.
  uint32_t count() const { return count_; }
  /// Returns the number of a class; 0 is the best one.
  uint32_t index(uint32_t place) const { return index_[place]; }
  /// Returns the score of a class, in the network's int8.
  int8_t score(uint32_t place) const { return score_[place]; }

 private:
  void add(uint32_t index, int8_t score) {
    uint32_t place = count_;
    while (place > 0 && score > score_[place - 1]) --place;
    if (place == kMost) return;
    if (count_ < kMost) ++count_;
    for (uint32_t i = count_ - 1; i > place; --i) {
      index_[i] = index_[i - 1];
      score_[i] = score_[i - 1];
    }
    index_[place] = index;
    score_[place] = score;
  }

  uint32_t index_[kMost] = {}, count_ = 0;
  int8_t score_[kMost] = {};
};

}  // namespace shoal
