/// @file
/// The class of every place of a picture.
#pragma once

#include <cstdint>

#include "device/decode/values.h"

namespace shoal {

/// Finds the class with the best score of every place while the scores come:
/// of equal ones the first.
template <class Score, class Class>
class BestClasses {
 public:
  /// `classes` and, if scores come as planes (classes x rows x columns), `best`
  /// have room for all places; else `best` has room for one. Both must outlive
  /// it.
  BestClasses(uint32_t places, uint32_t class_count, bool planes,
              Class* classes, Score* best)
      : places_(places),
        class_count_(class_count),
        planes_(planes),
        classes_(classes),
        best_(best) {}

  /// Takes the score at index `at` of the output. Those of a place come in
  /// ascending order.
  void add(uint32_t at, Score score) {
    const uint32_t c = planes_ ? at / places_ : at % class_count_;
    const uint32_t place = planes_ ? at % places_ : at / class_count_;
    Score& best = best_[planes_ ? place : 0];
    if (c > 0 && !(score > best)) return;
    best = score;
    classes_[place] = static_cast<Class>(c);
  }

 private:
  const uint32_t places_, class_count_;
  const bool planes_;
  Class* const classes_;
  Score* const best_;
};

/// A mask with one value for each place: its class, if no value is negative or
/// a fraction; else the probability of class 1, which has those places that are
/// at least as probable as not.
class ClassValues {
 public:
  explicit ClassValues(const Values& values);
  int at(uint32_t place) const;

 private:
  const Values values_;
  bool are_classes_ = true;
};

}  // namespace shoal
