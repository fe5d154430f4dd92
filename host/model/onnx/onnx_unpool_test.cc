// MaxPool with indices and the MaxUnpool that reads them: values lie where
// ONNX's own loops put them, equal elements count as the first.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

struct Unpool {
  int channels = 2, rows = 6, columns = 6;
  int kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2;
  bool ceil = false, one_axis = false, says_shape = false;
  Ints pads = {};
};

Ints sides(const Unpool& u, int h, int w) {
  return u.one_axis ? Ints{w} : Ints{h, w};
}
Ints dims(const Unpool& u) {
  return u.one_axis ? Ints{1, u.channels, u.columns}
                    : Ints{1, u.channels, u.rows, u.columns};
}

// The pool's values are halved before they go back.
std::vector<uint8_t> file(const Unpool& u) {
  OnnxBuilder b(17);
  b.input("x", dims(u));
  b.number("half", 0.5F);
  std::vector<OnnxField> window{
      {"kernel_shape", sides(u, u.kernel_h, u.kernel_w)},
      {"strides", sides(u, u.stride_h, u.stride_w)}};
  std::vector<OnnxField> pool = window;
  if (u.ceil) pool.push_back({"ceil_mode", int64_t{1}});
  if (!u.pads.empty()) pool.push_back({"pads", u.pads});
  b.node("MaxPool", {"x"}, std::vector<std::string>{"m", "i"}, pool);
  b.node("Mul", {"m", "half"}, "v");
  std::vector<std::string> operands{"v", "i"};
  if (u.says_shape) {
    b.ints("shape", {static_cast<int64_t>(dims(u).size())}, dims(u));
    operands.push_back("shape");
  }
  b.node("MaxUnpool", operands, "y", window);
  b.output("y");
  return b.finish();
}

// Returns the result for x. Both lie as [H, W, C]; those of one axis as [C, W].
std::vector<float> reference(const Unpool& u, const std::vector<float>& x) {
  const auto at = [&](int y, int c, int k) {
    return static_cast<size_t>(
        u.one_axis ? k * u.columns + c : (y * u.columns + c) * u.channels + k);
  };
  const auto count = [&](int in, int kernel, int stride) {
    const int room = in - kernel;
    return (room + (u.ceil ? stride - 1 : 0)) / stride + 1;
  };
  std::vector<float> out(x.size(), 0.F);
  for (int k = 0; k < u.channels; ++k) {
    for (int y = 0; y < count(u.rows, u.kernel_h, u.stride_h); ++y) {
      for (int c = 0; c < count(u.columns, u.kernel_w, u.stride_w); ++c) {
        float most = -std::numeric_limits<float>::infinity();
        size_t place = 0;
        for (int i = 0; i < u.kernel_h; ++i) {
          for (int j = 0; j < u.kernel_w; ++j) {
            const int row = y * u.stride_h + i, column = c * u.stride_w + j;
            if (row >= u.rows || column >= u.columns) continue;
            if (x[at(row, column, k)] <= most) continue;
            most = x[at(row, column, k)];
            place = at(row, column, k);
          }
        }
        out[place] = most / 2;
      }
    }
  }
  return out;
}

void expect_equal(const Unpool& u, unsigned seed) {
  SCOPED_TRACE(testing::Message()
               << u.channels << "x" << u.rows << "x" << u.columns << ", kernel "
               << u.kernel_h << "x" << u.kernel_w << ", stride " << u.stride_h
               << "x" << u.stride_w << (u.ceil ? ", ceil" : ""));
  const Graph g = import_onnx(file(u), "m");
  std::mt19937 random(seed);
  std::vector<float> x(static_cast<size_t>(u.channels * u.rows * u.columns));
  // Few different values, so that many are equal.
  for (float& v : x) v = static_cast<float>(random() % 5) - 3;
  FloatOracle oracle(g);
  oracle.run(x);
  EXPECT_EQ(oracle.output(), reference(u, x));
}

TEST(OnnxUnpool, PutsValuesBack) {
  unsigned seed = 1;
  expect_equal({}, seed++);
  expect_equal({.channels = 1, .rows = 8, .columns = 4}, seed++);
  expect_equal({.rows = 9,
                .columns = 12,
                .kernel_h = 3,
                .kernel_w = 3,
                .stride_h = 3,
                .stride_w = 3},
               seed++);
  expect_equal({.rows = 6,
                .columns = 20,
                .kernel_h = 3,
                .kernel_w = 5,
                .stride_h = 3,
                .stride_w = 5},
               seed++);
  expect_equal({.columns = 8, .kernel_h = 1, .stride_h = 1}, seed++);
  expect_equal({.rows = 8, .kernel_w = 1, .stride_w = 1}, seed++);
  expect_equal({.rows = 4,
                .columns = 7,
                .kernel_h = 1,
                .kernel_w = 1,
                .stride_h = 1,
                .stride_w = 1},
               seed++);
}

TEST(OnnxUnpool, OddSizesAndWideStrides) {
  unsigned seed = 30;
  expect_equal({.rows = 7, .columns = 9, .says_shape = true}, seed++);
  expect_equal({.rows = 7, .columns = 9, .ceil = true, .says_shape = true},
               seed++);
  expect_equal({.rows = 8,
                .columns = 11,
                .stride_h = 3,
                .stride_w = 3,
                .says_shape = true},
               seed++);
  expect_equal({.rows = 8,
                .columns = 11,
                .stride_h = 3,
                .stride_w = 4,
                .says_shape = true},
               seed++);
  expect_equal({.rows = 7,
                .columns = 7,
                .kernel_h = 3,
                .kernel_w = 3,
                .stride_h = 3,
                .stride_w = 3,
                .ceil = true,
                .says_shape = true},
               seed++);
}

TEST(OnnxUnpool, OneAxis) {
  unsigned seed = 60;
  expect_equal({.rows = 1,
                .columns = 24,
                .kernel_h = 1,
                .kernel_w = 4,
                .stride_h = 1,
                .stride_w = 4,
                .one_axis = true},
               seed++);
  expect_equal({.rows = 1,
                .columns = 11,
                .kernel_h = 1,
                .kernel_w = 3,
                .stride_h = 1,
                .stride_w = 3,
                .one_axis = true,
                .says_shape = true},
               seed++);
}

void expect_refused(const std::vector<uint8_t>& model, Exit code,
                    const char* words) {
  expect_throws([&] { import_onnx(model, "m"); }, code, words);
}

TEST(OnnxUnpool, SaysWhatIsNotComputed) {
  expect_refused(file({.kernel_h = 3, .kernel_w = 3}), Exit::kUnsupported,
                 "indices of windows that overlap");
  expect_refused(file({.pads = {1, 1, 1, 1}}), Exit::kUnsupported,
                 "begin in a padding");
  expect_refused(file({.rows = 7, .columns = 7}), Exit::kUnsupported,
                 "an output of 1x2x6x6 by indices in an input of 1x2x7x7");
  expect_refused(file({.rows = 90,
                       .columns = 90,
                       .kernel_h = 9,
                       .kernel_w = 9,
                       .stride_h = 9,
                       .stride_w = 9}),
                 Exit::kUnsupported,
                 "indices in a window of 81, the limit is 64");
}

// A network that makes indices and reads them elsewhere than in a MaxUnpool.
void expect_other_readers(const std::function<void(OnnxBuilder&)>& finish,
                          Exit code, const char* words) {
  OnnxBuilder b(17);
  b.input("x", {1, 2, 6, 6});
  b.node("MaxPool", {"x"}, std::vector<std::string>{"m", "i"},
         {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  finish(b);
  expect_refused(b.finish(), code, words);
}

TEST(OnnxUnpool, SaysWhoseIndicesAreRead) {
  const std::vector<OnnxField> window{{"kernel_shape", Ints{2, 2}},
                                      {"strides", Ints{2, 2}}};
  expect_other_readers(
      [](OnnxBuilder& b) {
        b.output("m");
        b.output("i", 7);
      },
      Exit::kUnsupported, "indices of the maxima");
  expect_other_readers(
      [&](OnnxBuilder& b) {
        b.node("MaxUnpool", {"m", "m"}, "y", window);
        b.output("y");
      },
      Exit::kUnsupported, "indices that no MaxPool of the model makes");
  expect_other_readers(
      [&](OnnxBuilder& b) {
        b.node("MaxUnpool", {"x", "i"}, "y", window);
        b.output("y");
      },
      Exit::kCorrupt, "its indices are those of another one");
  expect_other_readers(
      [&](OnnxBuilder& b) {
        b.node("MaxUnpool", {"m", "i"}, "y", {{"kernel_shape", Ints{2}}});
        b.output("y");
      },
      Exit::kCorrupt, "kernel_shape has 1 numbers, expected 2");
}

}  // namespace
}  // namespace shoal
