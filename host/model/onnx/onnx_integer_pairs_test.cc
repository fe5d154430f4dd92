// MatMulInteger of two computed matrices, as attention has them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "host/base/error.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/import_error.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

constexpr int kPairRows = 3, kPairColumns = 4, kPairDepth = 5;
constexpr float kLeftScale = 0.5F, kRightScale = 0.125F, kResultScale = 0.75F;
constexpr int kLeftZero = 10, kRightZero = -7, kResultZero = -5;

struct IntegerPair {
  const char* name;
  // The file multiplies the integers by it.
  float factor = kLeftScale * kRightScale;
  // The zero points that the product subtracts from bytes.
  int left_taken = kLeftZero, right_taken = kRightZero;
  bool left_is_constant = false;
  bool is_turned = false;  // the right one comes as rows of its columns
};

Graph import(const IntegerPair& p, const Ints& constant) {
  OnnxBuilder b;
  if (p.left_is_constant) {
    b.bytes("xq", {kPairRows, kPairDepth}, constant);
  } else {
    b.input("x", {1, kPairRows, kPairDepth});
    b.number("sx", kLeftScale);
    b.bytes("zx", {}, {kLeftZero});
    b.node("QuantizeLinear", {"x", "sx", "zx"}, "xq");
  }
  b.input("v", p.is_turned ? Ints{1, kPairColumns, kPairDepth}
                           : Ints{1, kPairDepth, kPairColumns});
  b.number("sv", kRightScale);
  b.bytes("zv", {}, {kRightZero});
  b.node("QuantizeLinear", {"v", "sv", "zv"}, "vq");
  if (p.is_turned) {
    b.node("Transpose", {"vq"}, "vt", {{"perm", Ints{0, 2, 1}}});
  }
  b.bytes("tx", {}, {p.left_taken});
  b.bytes("tv", {}, {p.right_taken});
  b.node("MatMulInteger", {"xq", p.is_turned ? "vt" : "vq", "tx", "tv"}, "n");
  b.node("Cast", {"n"}, "f", {{"to", int64_t{1}}});
  b.number("s", p.factor);
  b.node("Mul", {"f", "s"}, "r");
  b.number("sy", kResultScale);
  b.bytes("zy", {}, {kResultZero});
  b.node("QuantizeLinear", {"r", "sy", "zy"}, "y");
  b.output("y", 3);
  return import_onnx(b.finish(), "m");
}

int byte_of(int64_t sum, float factor) {
  const double real = static_cast<double>(sum) * factor / kResultScale;
  return std::clamp(static_cast<int>(std::nearbyint(real)) + kResultZero, -128,
                    127);
}

TEST(OnnxIntegerPairs, EachByteIsTheSumRoundedOnce) {
  for (const IntegerPair& p :
       {IntegerPair{"the factor is the product of the scales"},
        IntegerPair{"another factor", 0.0537F},
        IntegerPair{"other zero points", 0.0537F, 20, 3},
        IntegerPair{"other zero points, the scales' factor",
                    kLeftScale * kRightScale, 0, 0},
        IntegerPair{"a constant on the left", 0.0537F, 2, kRightZero, true},
        IntegerPair{"rows of the right are columns", 0.0537F, kLeftZero,
                    kRightZero, false, true}}) {
    SCOPED_TRACE(p.name);
    const Ints constant = some_bytes(kPairRows * kPairDepth, 7);
    const Graph g = import(p, constant);
    std::vector<uint8_t> in;
    const int left = p.left_is_constant ? 0 : kPairRows * kPairDepth;
    for (int i = 0; i < left + kPairDepth * kPairColumns; ++i) {
      in.push_back(static_cast<uint8_t>(i * 37 + 11));
    }
    const std::vector<uint8_t> y = model_output(g, run_oracle(g, in));
    ASSERT_EQ(y.size(), static_cast<size_t>(kPairRows * kPairColumns));
    for (int r = 0; r < kPairRows; ++r) {
      for (int c = 0; c < kPairColumns; ++c) {
        int64_t sum = 0;
        for (int i = 0; i < kPairDepth; ++i) {
          const auto at = static_cast<size_t>(r * kPairDepth + i);
          const int64_t a =
              p.left_is_constant ? constant[at] : static_cast<int8_t>(in[at]);
          const int place =
              p.is_turned ? c * kPairDepth + i : i * kPairColumns + c;
          const auto v =
              static_cast<int8_t>(in[static_cast<size_t>(left + place)]);
          sum += (a - p.left_taken) * (v - p.right_taken);
        }
        EXPECT_EQ(
            static_cast<int8_t>(y[static_cast<size_t>(r * kPairColumns + c)]),
            byte_of(sum, p.factor))
            << "row " << r << ", column " << c << ", sum " << sum;
      }
    }
  }
}

// A number that is added to a product of two computed matrices is no bias of a
// layer, and a factor for each column no scale of computed bytes.
TEST(OnnxIntegerPairs, WhatWouldRoundTwiceIsRefused) {
  for (const int kind : {0, 1, 2}) {
    OnnxBuilder b;
    b.input("x", {1, 2, 3}, 3);
    b.input("v", {1, 3, 2}, 3);
    b.node("MatMulInteger", {"x", "v"}, "n");
    b.int32s("c", {1}, {70});
    if (kind == 0) b.node("Add", {"n", "c"}, "m");
    b.node("Cast", {kind == 0 ? "m" : "n"}, "f", {{"to", int64_t{1}}});
    b.floats("s", {kind == 1 ? 2 : 1},
             kind == 1 ? Floats{1, 2} : Floats{kind == 2 ? -0.5F : 0.5F});
    b.node("Mul", {"f", "s"}, "r");
    b.number("sy", 20);
    b.bytes("zy", {}, {0});
    b.node("QuantizeLinear", {"r", "sy", "zy"}, "y");
    b.output("y", 3);
    const Error error = import_error(b.finish());
    EXPECT_EQ(error.code(), Exit::kUnsupported) << kind << " " << error.what();
  }
}

}  // namespace
}  // namespace shoal
