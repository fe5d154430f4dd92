// device/shoal.hpp: the C API's results, and what it says of its own.
#include <gtest/gtest.h>

#include <array>
#include <span>

#include "device/runtime/testing/sample_programs.h"
#include "device/shoal.hpp"

namespace shoal::test {
namespace {

using device::Node;

std::vector<int8_t> signed_bytes(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

struct Opened {
  explicit Opened(const Bytes& bytes, uint32_t less = 0)
      : image(bytes),
        arena(reinterpret_cast<const Header*>(image.data())->arena_bytes),
        status(node.open_mapped(
            {image.data(), image.size()},
            {arena.data(),
             reinterpret_cast<const Header*>(image.data())->arena_bytes -
                 less})) {}
  AlignedBytes image;
  Arena arena;
  Node node;
  device::Status status;
};

TEST(DeviceHpp, FramesAreTheCApis) {
  Sample sample = two_stage_sample();
  const Bytes image = sample.program.build();
  const Bytes wanted = run_program(image, sample.inputs).outputs.at(0);
  Opened o(image);
  ASSERT_TRUE(o.status) << o.status.text();
  const std::vector<int8_t> in = signed_bytes(sample.inputs[0]);
  for (int frame = 0; frame < 3; ++frame) {
    std::vector<int8_t> out(wanted.size());
    const device::Status status = o.node.run(in, out);
    EXPECT_EQ(status.code(), SHOAL_OK);
    EXPECT_EQ(out, signed_bytes(wanted));
  }
}

TEST(DeviceHpp, SpansOfAnotherSizeAreRefused) {
  Sample sample = two_stage_sample();
  Opened o(sample.program.build());
  std::vector<int8_t> in = signed_bytes(sample.inputs[0]), out(4);
  in.push_back(0);
  EXPECT_EQ(o.node.run(in, out).code(), SHOAL_BAD_ARGUMENT);
  in.pop_back();
  out.pop_back();
  EXPECT_EQ(o.node.run(in, out).code(), SHOAL_BAD_ARGUMENT);
}

TEST(DeviceHpp, ANodeThatIsNotOpenSaysSo) {
  Node node;
  EXPECT_EQ(node.step().code(), SHOAL_BAD_ARGUMENT);
  EXPECT_EQ(node.inputs() + node.outputs(), 0u);
  int8_t row[4] = {};
  EXPECT_EQ(node.push(0, row).size(), 4u);
  EXPECT_EQ(node.take(0, row).size(), 4u);
  EXPECT_EQ(node.run(row, row).code(), SHOAL_BAD_ARGUMENT);
  Sample sample = two_stage_sample();
  Opened o(sample.program.build(), 16);
  EXPECT_FALSE(o.status);
  EXPECT_STREQ(o.status.text(), shoal_status_text(SHOAL_ARENA_TOO_SMALL));
  EXPECT_EQ(o.node.fault().status, SHOAL_ARENA_TOO_SMALL);
}

TEST(DeviceHpp, WhatIsClosedIsForgotten) {
  Sample sample = two_stage_sample();
  Opened o(sample.program.build());
  ASSERT_TRUE(o.status);
  o.node.close();
  for (const uint64_t word : o.node.get()->opaque) EXPECT_EQ(word, 0u);
}

TEST(DeviceHpp, SpansComeFromWhateverHasDataAndSize) {
  std::array<int8_t, 3> array = {1, 2, 3};
  const std::vector<int8_t> vector = {4, 5};
  const device::Span<int8_t> a = array;
  const device::Span<const int8_t> v = vector, s = std::span(vector);
  EXPECT_EQ(a.size() + v.size() + s.size(), 7u);
  EXPECT_EQ(a.after(2)[0], 3);
  EXPECT_TRUE(v.after(2).empty());
  static_assert(
      !std::is_convertible_v<const std::vector<int8_t>&, device::Span<int8_t>>);
}

}  // namespace
}  // namespace shoal::test
