// Elements at constant places are those that ONNX says.
#include <gtest/gtest.h>

#include <functional>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

// The result of an operator whose data are 1 2 3 4 5 6, as 2x3.
std::vector<float> answer(const std::string& type, const Ints& index_dims,
                          const Ints& indices, const Ints& update_dims,
                          const std::vector<OnnxField>& attributes = {}) {
  OnnxBuilder b(16);
  b.input("x", {2, 3});
  b.ints("i", index_dims, indices);
  std::vector<std::string> operands{"x", "i"};
  if (!update_dims.empty()) {
    int64_t count = 1;
    for (const int64_t d : update_dims) count *= d;
    Floats values;
    for (int64_t i = 1; i <= count; ++i) {
      values.push_back(static_cast<float>(10 * i));
    }
    b.floats("u", update_dims, values);
    operands.emplace_back("u");
  }
  b.node(type, operands, "y", attributes);
  b.output("y");
  const Graph g = import_onnx(b.finish(), "m");
  FloatOracle oracle(g);
  oracle.run(Floats{1, 2, 3, 4, 5, 6});
  return oracle.output();
}

TEST(OnnxScatter, PlacesAreThoseOfTheIndices) {
  const OnnxField columns{"axis", int64_t{1}};
  EXPECT_EQ(answer("GatherElements", {2, 2}, {2, 0, -1, 1}, {}, {columns}),
            (Floats{3, 1, 6, 5}));
  EXPECT_EQ(answer("GatherElements", {1, 3}, {1, 0, 1}, {}), (Floats{4, 2, 6}));
  EXPECT_EQ(answer("ScatterElements", {2, 1}, {2, 0}, {2, 1}, {columns}),
            (Floats{1, 2, 10, 20, 5, 6}));
  EXPECT_EQ(answer("ScatterND", {2, 2}, {0, 1, 1, -1}, {2}),
            (Floats{1, 10, 3, 4, 5, 20}));
  EXPECT_EQ(answer("ScatterND", {1, 1}, {1}, {1, 3}),
            (Floats{1, 2, 3, 10, 20, 30}));
}

TEST(OnnxScatter, WhatIsNoPlaceIsRefused) {
  const auto refused = [](Exit code, const std::string& reason,
                          const std::function<void()>& call) {
    expect_throws([&] { call(); }, code, reason);
  };
  refused(Exit::kCorrupt, "index 2 of 2 elements", [] {
    answer("ScatterND", {1, 1}, {2}, {1, 3});
  });
  refused(Exit::kCorrupt, "updates of 2 elements, expected 3", [] {
    answer("ScatterND", {1, 1}, {1}, {1, 2});
  });
  refused(Exit::kCorrupt, "indices of shape 1x4 for 2x3", [] {
    answer("GatherElements", {1, 4}, {0, 0, 0, 0}, {});
  });
  refused(Exit::kUnsupported, "reduction \"add\"; use Add or Max", [] {
    answer("ScatterND", {1, 1}, {1}, {1, 3},
           {{"reduction", std::string("add")}});
  });
}

}  // namespace
}  // namespace shoal
