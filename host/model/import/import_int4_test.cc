// Weights of four bits: read and refused.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

const ModelBuilder::Scale kInt4Scale{0.05f, 4};

// 3 x 3 x 3 x 1 weights: an odd number of them, so the last byte is half.
struct Int4Model {
  ModelBuilder b;
  std::vector<int8_t> values;
  int x, w, y;
  Int4Model() {
    for (int i = 0; i < 27; ++i) {
      values.push_back(static_cast<int8_t>(i * 7 % 16 - 8));
    }
    x = b.input({1, 6, 6, 1}, kInt4Scale);
    w = b.int4_weights({3, 3, 3, 1}, values, {0.1f, 0.2f, 0.3f}, 0);
    y = b.conv(x, w, b.bias({1, 2, 3}), kInt4Scale);
    b.output(y);
  }
  RawTensor& tensor(int t) { return b.raw().tensors[static_cast<size_t>(t)]; }
};

std::string refusal(Int4Model& net, Exit code) {
  try {
    import_tflite(net.b.finish(), "m");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "imported";
}

TEST(ImportInt4, WeightsAreBytesOfFourBits) {
  Int4Model net;
  const Graph g = import_tflite(net.b.finish(), "m");
  const Tensor& w = g.tensors[static_cast<size_t>(net.w)];
  EXPECT_EQ(w.type, Type::kInt8);
  EXPECT_EQ(w.file_type, Type::kInt4);
  EXPECT_EQ(w.data, std::vector<uint8_t>(net.values.begin(), net.values.end()));
}

TEST(ImportInt4, BuffersOfAnotherSizeAreCorrupt) {
  for (const size_t bytes : {1u, 13u, 15u, 27u}) {
    Int4Model net;
    net.b.data(net.w).resize(bytes);
    EXPECT_EQ(refusal(net, Exit::kCorrupt),
              "m: tensor 1 \"t1\": has " + std::to_string(bytes) +
                  " bytes of data, 3x3x3x1 INT4 needs 14");
  }
}

TEST(ImportInt4, ZeroPointsHaveFourBits) {
  Int4Model net;
  net.tensor(net.w).zero = {0, 8, 0};
  EXPECT_EQ(refusal(net, Exit::kCorrupt),
            "m: tensor 1 \"t1\": zero point 8 is outside -8..7");
}

TEST(ImportInt4, OnlyWeightsHaveFourBits) {
  Int4Model net;
  const int other =
      net.b.int4_weights({1, 6, 6, 3}, std::vector<int8_t>(108, 1), {0.1f}, 0);
  net.b.raw().outputs = {net.b.add(net.y, other, kInt4Scale)};
  EXPECT_NE(refusal(net, Exit::kUnsupported).find("INT4"), std::string::npos);
  Int4Model open;
  open.tensor(open.w).buffer = 0;
  open.b.raw().inputs.push_back(open.w);
  EXPECT_NE(refusal(open, Exit::kUnsupported), "imported");
}

}  // namespace
}  // namespace shoal
