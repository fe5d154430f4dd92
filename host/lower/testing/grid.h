// The elements of a view of a net's tensor, by row, column and channel.
#pragma once

#include <cstdint>

#include "host/lower/testing/net_eval.h"

namespace shoal {

// A view with its bytes.
class Grid {
 public:
  Grid() = default;
  Grid(const Net& net, const View& v, NetValues& values)
      : box_(v.box),
        columns_(net.tensors[v.tensor].columns),
        channels_(net.tensors[v.tensor].channels),
        data_(values[v.tensor].data()) {}
  int rows() const { return box_.rows(); }
  int columns() const { return box_.columns(); }
  int channels() const { return box_.channels(); }
  bool has(int y, int x) const {
    return y >= 0 && y < rows() && x >= 0 && x < columns();
  }
  int8_t& at(int y, int x, int c) const {
    return data_[(int64_t{box_.y0 + y} * columns_ + box_.x0 + x) * channels_ +
                 box_.c0 + c];
  }
  // The element of this number in the box.
  int8_t& at(int64_t k) const {
    const int64_t pixel = k / channels();
    return at(static_cast<int>(pixel / columns()),
              static_cast<int>(pixel % columns()),
              static_cast<int>(k % channels()));
  }
  // Repeats what has one row, column or channel.
  int8_t repeated(int y, int x, int c) const {
    return at(rows() == 1 ? 0 : y, columns() == 1 ? 0 : x,
              channels() == 1 ? 0 : c);
  }

 private:
  Box box_;
  int columns_ = 1, channels_ = 1;
  int8_t* data_ = nullptr;
};

}  // namespace shoal
