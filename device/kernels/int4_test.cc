// Weights of four bits against the same ones of eight, for every family of
// kernels, in rooms that hold all channels, some, or a piece of the window.
#include "device/kernels/int4.h"

#include <gtest/gtest.h>

#include "device/kernels/dsp.h"
#include "device/kernels/mve.h"
#include "device/kernels/testing/kernel_checks.h"
#include "device/program/chunk.h"

namespace shoal {
namespace {

int8_t four_bits(int8_t v) {
  return static_cast<int8_t>((v & 15) < 8 ? v & 15 : (v & 15) - 16);
}

// Weights that a call reads.
int weight_count(const ConvArgs& a, bool depthwise) {
  const int taps = a.kernel_h * a.kernel_w;
  return depthwise ? (taps - 1) * a.weight_stride + a.channels
                   : (a.channels - 1) * a.weight_stride + taps * a.in_c;
}

// `skipped` weights of others in front of those of the call.
std::vector<uint8_t> packed(const ConvArgs& a, bool depthwise, int skipped) {
  const auto count = static_cast<uint64_t>(weight_count(a, depthwise));
  std::vector<uint8_t> out(int4_bytes(count + static_cast<uint64_t>(skipped)),
                           0x5A);
  for (size_t i = 0; i < count; ++i) {
    const size_t k = i + static_cast<size_t>(skipped);
    uint8_t& byte = out[k / 8 * 4 + k % 4];
    const int nibble = a.weights[i] & 15;
    byte = static_cast<uint8_t>(k % 8 < 4 ? (byte & 0xF0) | nibble
                                          : (byte & 0x0F) | nibble << 4);
  }
  return out;
}

int skipped_ = 0;
int room_ = 0;

// The call with the low four bits of its weights, of eight bits or of four.
template <WindowKernel kKernel, bool kDepthwise>
void with_eight(const ConvArgs& a) {
  std::vector<int8_t> weights(a.weights,
                              a.weights + weight_count(a, kDepthwise));
  for (int8_t& v : weights) v = four_bits(v);
  ConvArgs c = a;
  c.weights = weights.data();
  kKernel(c);
}
template <WindowKernel kKernel, bool kDepthwise>
void with_four(const ConvArgs& a) {
  constexpr int8_t kFence = 0x77;
  const std::vector<uint8_t> bytes = packed(a, kDepthwise, skipped_);
  std::vector<int8_t> room(static_cast<size_t>(room_) + 64, kFence);
  const auto ahead = 16 - reinterpret_cast<uintptr_t>(room.data()) % 16;
  int8_t* const first = room.data() + 16 + ahead;
  ConvArgs c = a;
  c.weights = nullptr;
  run_int4(c, {bytes.data(), skipped_, first, room_}, kKernel, kDepthwise);
  for (int8_t* p = room.data(); p < room.data() + room.size(); ++p) {
    if (p >= first && p < first + room_) continue;
    ASSERT_EQ(*p, kFence) << "at " << p - first << " of " << room_;
  }
}

struct Made {
  std::vector<int8_t> out;
  std::vector<int32_t> sums;
  bool operator==(const Made&) const = default;
};
Made made_by(WindowKernel kernel, WindowCase& c) {
  const ConvArgs a = c.args();
  kernel(a);
  Made made;
  if (a.out) made.out.assign(a.out, a.out + c.expected().size());
  if (a.partial_out) {
    const int sums = (a.x1 - 1) * a.partial_stride + a.channels;
    made.sums.assign(a.partial_out, a.partial_out + sums);
  }
  return made;
}

void choose(std::mt19937& random) {
  skipped_ = random_int(random, 0, 20);
  const int rooms[] = {128, 144, 256, 560, 1024, 8192};
  room_ = rooms[random_int(random, 0, 5)];
}

template <WindowKernel kKernel, bool kDepthwise>
void check(uint32_t seed, int cases, WindowKind kind = WindowKind::kAny) {
  std::mt19937 random(seed);
  const OpCode op = kDepthwise ? OpCode::kDepthwise : OpCode::kConv;
  for (int i = 0; i < cases; ++i) {
    WindowCase c(random_window(random, op, kind), random);
    choose(random);
    const Made expected = made_by(with_eight<kKernel, kDepthwise>, c);
    ASSERT_EQ(made_by(with_four<kKernel, kDepthwise>, c), expected)
        << "seed " << seed << " case " << i << " room " << room_ << " behind "
        << skipped_;
  }
}

// As the runtime calls, with at most 16 row pointers.
template <WindowKernel kKernel>
void several_with_four(const ConvArgs& a) {
  const int most = std::max(1, 16 / a.kernel_h);
  for (int y = 0; y <= a.more_rows; y += most) {
    ConvArgs c = a;
    c.rows += y * a.kernel_h;
    c.out += y * a.out_row;
    c.more_rows = std::min(most, a.more_rows + 1 - y) - 1;
    with_four<kKernel, true>(c);
  }
}

template <WindowKernel kKernel>
void check_many_rows(uint32_t seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < 20; ++i) {
    choose(random);
    check_rows_of_a_call(several_with_four<kKernel>, seed + uint32_t(i), 10);
  }
}

void portable_conv_kernel(const ConvArgs& a) { portable_kernels().conv(a); }
void portable_depthwise_kernel(const ConvArgs& a) {
  portable_kernels().depthwise(a);
}

TEST(Int4, PortableConv) {
  check<portable_conv_kernel, false>(1, 500);
  check<portable_conv_kernel, false>(2, 200, WindowKind::kPointwise);
  check<portable_conv_kernel, false>(3, 200, WindowKind::kFullyConnected);
}
TEST(Int4, PortableDepthwise) {
  check<portable_depthwise_kernel, true>(4, 700);
}
TEST(Int4, BestConv) { check<conv_row, false>(5, 400); }
TEST(Int4, BestDepthwise) { check<depthwise_row, true>(6, 400); }
TEST(Int4, DspConv) { check<dsp_conv, false>(7, 300); }
TEST(Int4, DspDepthwise) { check<dsp_depthwise, true>(8, 300); }
TEST(Int4, HeliumConv) { check<mve_conv, false>(9, 300); }
TEST(Int4, HeliumDepthwise) {
  check<mve_depthwise, true>(10, 300);
  check_many_rows<mve_depthwise>(11);
}

}  // namespace
}  // namespace shoal
