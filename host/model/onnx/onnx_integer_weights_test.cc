// Products of integers whose weights or constants a file uses in odd ways.
#include <gtest/gtest.h>

#include <string>

#include "host/base/error.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/import_error.h"
#include "host/model/onnx/testing/onnx_builder.h"

namespace shoal {
namespace {

// A few bytes of a file ask for its weights again and again.
TEST(OnnxIntegers, WeightsOfManyReadersDoNotFillMemory) {
  for (const bool adds : {false, true}) {
    OnnxBuilder b;
    b.input("x", {1, 256}, 2);
    b.bytes("w", {256, 256}, some_bytes(256 * 256));
    b.node("MatMulInteger", {"x", "w"}, "n");
    std::string sum = "n";
    for (int i = 0; adds && i < 6; ++i) {
      const std::string twice = sum + "2";
      b.node("Add", {sum, sum}, twice.c_str());
      sum = twice;
    }
    for (int i = 0; i < (adds ? 1 : 100); ++i) {
      const std::string y = "y" + std::to_string(i);
      b.node("Cast", {sum}, y.c_str(), {{"to", int64_t{1}}});
    }
    b.output("y0");
    const Error error = import_error(b.finish());
    EXPECT_EQ(error.code(), Exit::kDoesNotFit) << adds << " " << error.what();
  }
}

// A sum with a constant of more axes than the product has these axes.
TEST(OnnxIntegers, ConstantsDoNotLoseTheirAxes) {
  for (const Ints& input : {Ints{1, 5}, Ints{1, 2, 5}}) {
    for (const Ints& added : {Ints{3}, Ints{1, 3}, Ints{1, 1, 3}}) {
      OnnxBuilder b;
      b.input("x", input, 2);
      b.bytes("w", {5, 3}, some_bytes(15, 3));
      b.node("MatMulInteger", {"x", "w"}, "n");
      b.int32s("c", added, {100, -3000, 7});
      b.node("Add", {"n", "c"}, "m");
      b.node("Cast", {"m"}, "f", {{"to", int64_t{1}}});
      b.number("s", 0.01F);
      b.node("Mul", {"f", "s"}, "r");
      b.number("sy", 0.5F);
      b.bytes("zy", {}, {90}, true);
      b.node("QuantizeLinear", {"r", "sy", "zy"}, "y");
      b.output("y", 2);
      if (added.size() > input.size()) {
        EXPECT_THROW(import_onnx(b.finish(), "m"), Error);
      } else {
        EXPECT_EQ(import_onnx(b.finish(), "m").ops.size(), 1U);
      }
    }
  }
}

}  // namespace
}  // namespace shoal
