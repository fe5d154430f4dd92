// How often a tensor took which values, in bounded room: 2048 bins that widen
// as values come. Bins are powers of two wide and lie on multiples of their
// width, so that the result does not depend on the order of the values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shoal {

class Histogram {
 public:
  static constexpr int kBins = 2048;

  // One with these counts; none: no values give them.
  static std::optional<Histogram> from(float lowest, float highest,
                                       int64_t count, int64_t zeros,
                                       std::vector<int64_t> bins);

  void add(std::span<const float>);  // finite values
  void add(const Histogram&);

  int64_t count() const { return count_; }
  int64_t zeros() const { return zeros_; }  // in no bin
  float lowest() const { return lowest_; }  // 0 of an empty one
  float highest() const { return highest_; }

  // Bins cover zero and every value; none if all values were zero.
  int bins() const { return static_cast<int>(bins_.size()); }
  int64_t at(int bin) const { return bins_[static_cast<size_t>(bin)]; }
  double width() const;
  double edge(int bin) const;  // the lower one
  int zero_bin() const { return static_cast<int>(-first_); }

  // Values in bins that lie wholly outside.
  int64_t outside(double low, double high) const;

 private:
  void see(float low, float high, int64_t count);
  void widen(double low, double high);

  float lowest_ = 0, highest_ = 0;
  int64_t count_ = 0, zeros_ = 0;
  int exponent_ = 0;   // of the bins' width
  int64_t first_ = 0;  // bin 0 begins at first_ * 2^exponent_
  std::vector<int64_t> bins_;
};

}  // namespace shoal
