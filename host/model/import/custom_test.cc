// Custom operators that are the format's own.
#include <gtest/gtest.h>

#include <cstring>

#include "host/base/error.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

// A TRANSPOSE_CONV with a bias, and the same as MediaPipe wrote it.
struct TransposeNet {
  ModelBuilder b{Type::kFloat32};
  TransposeNet(int size, int kernel, int stride, bool same) {
    const int x = b.input({1, size, size, 3}, {});
    const int w = b.weights({2, kernel, kernel, 3},
                            std::vector<int8_t>(size_t(6 * kernel * kernel), 3),
                            {0.1f}, 0);
    const int rest = (size - 1) % stride;
    const int cut = same ? std::max(0, kernel - rest - 1) : 0;
    const int out = (size - 1) * stride + kernel - cut;
    BuilderWindow window;
    window.stride_h = window.stride_w = stride;
    window.same = same;
    b.output(b.transpose_conv(x, w, b.bias({5, -6}), {}, out, out, window));
  }
  RawOp& op() { return b.raw().ops[0]; }
  void make_custom(int32_t padding, int32_t stride) {
    const std::vector<int> in = op().inputs;
    RawOp custom;
    custom.code = 32;
    custom.custom = "Convolution2DTransposeBias";
    custom.inputs = {in[2], in[1], in[3]};
    custom.outputs = op().outputs;
    const int32_t options[] = {padding, stride, stride};
    custom.custom_options.resize(sizeof options);
    std::memcpy(custom.custom_options.data(), options, sizeof options);
    op() = custom;
  }
};

TEST(RenameCustom, TransposedConvolutionsWithABias) {
  for (const int size : {4, 5}) {
    for (const int kernel : {2, 3}) {
      for (const bool same : {false, true}) {
        TransposeNet own(size, kernel, 2, same), custom(size, kernel, 2, same);
        custom.make_custom(same ? 1 : 2, 2);
        const Graph e = import_tflite(own.b.finish(), "m");
        const Graph g = import_tflite(custom.b.finish(), "m");
        ASSERT_EQ(g.ops.size(), 1u);
        EXPECT_EQ(g.ops[0].kind, e.ops[0].kind);
        EXPECT_EQ(g.ops[0].inputs, e.ops[0].inputs);
        EXPECT_EQ(g.ops[0].attr, e.ops[0].attr);
        EXPECT_EQ(g.tensors[size_t(g.outputs[0])].shape,
                  e.tensors[size_t(e.outputs[0])].shape);
      }
    }
  }
}

TEST(RenameCustom, LeavesOptionsThatSayNothing) {
  for (const auto& [padding, stride] :
       {std::pair{0, 2}, {3, 2}, {1, 0}, {1, -2}}) {
    TransposeNet n(4, 2, 2, true);
    n.make_custom(padding, stride);
    try {
      import_tflite(n.b.finish(), "m");
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Exit::kUnsupported);
    }
  }
}

}  // namespace
}  // namespace shoal
