// Weights of a convolution or a fully connected layer, laid out so that
// neighbours in memory are output channels. Internal to host/oracle/float.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace shoal::float_oracle {

class Filter {
 public:
  Filter() = default;
  // `weights`: [outputs, taps, inputs].
  Filter(std::span<const float> weights, int outputs, int taps, int inputs);

  // Floats that the sums of one pixel take: the outputs, and a few more.
  size_t room() const { return static_cast<size_t>(blocks_) * kBlock; }
  // Adds what one pixel gives through one tap, channel after channel, in
  // float32. `sums` are room().
  void add(int tap, const float* x, float* sums) const;

 private:
  static constexpr int kBlock = 16;  // outputs whose sums stay in registers
  int blocks_ = 0, taps_ = 0, inputs_ = 0;
  std::vector<float> weights_;  // [blocks][taps][inputs][kBlock]
};

}  // namespace shoal::float_oracle
