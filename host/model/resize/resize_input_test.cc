// resize_input makes of a network what the importer makes of the same network
// written for the other size.
#include "host/model/resize/resize_input.h"

#include <gtest/gtest.h>

#include <random>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

using Filler = std::vector<int8_t>;

int conv(ModelBuilder& b, int x, int out, int kernel,
         ModelBuilder::Window window) {
  const int in = b.shape(x)[3];
  const int w =
      b.weights({out, kernel, kernel, in},
                Filler(size_t(out * kernel * kernel * in), 1), {0.01f}, 0);
  return b.conv(x, w, b.bias(std::vector<int32_t>(size_t(out), 3)), {0.1f, 5},
                window);
}

int depthwise(ModelBuilder& b, int x, int kernel, ModelBuilder::Window window) {
  const int in = b.shape(x)[3];
  const int w = b.weights({1, kernel, kernel, in},
                          Filler(size_t(kernel * kernel * in), 1), {0.01f}, 3);
  return b.depthwise(x, w, b.bias(std::vector<int32_t>(size_t(in), 3)),
                     {0.1f, 5}, window);
}

// Keras writes this before a VALID window with stride 2: SAME by hand.
int pad_as_same(ModelBuilder& b, int x, int kernel, int stride) {
  std::vector<int> before(4, 0), after(4, 0);
  for (const size_t axis : {size_t{1}, size_t{2}}) {
    const int in = b.shape(x)[axis];
    const int out = (in + stride - 1) / stride;
    const int total = std::max(0, (out - 1) * stride + kernel - in);
    before[axis] = total / 2;
    after[axis] = total - total / 2;
  }
  return b.pad(x, before, after);
}

// A random network of `steps` steps; only the size differs between calls with
// the same seed.
Graph random_network(uint32_t seed, int rows, int columns) {
  std::mt19937 random(seed);
  ModelBuilder b;
  int x = b.input({1, rows, columns, 3}, {0.05f, -3});
  const auto pick = [&](int n) {
    return static_cast<int>(random() % static_cast<uint32_t>(n));
  };
  for (int step = 0; step < 7; ++step) {
    const int kernel = 1 + 2 * pick(2), stride = 1 + pick(2);
    switch (pick(9)) {
      case 0:
      case 1:
        x = conv(b, x, 2 + pick(4), kernel,
                 {.stride_h = stride, .stride_w = stride});
        break;
      case 2:
        x = depthwise(
            b, x, 3,
            {.stride_h = stride, .stride_w = stride, .same = pick(2) == 0});
        break;
      case 3:
        x = depthwise(b, pad_as_same(b, x, 3, 2), 3,
                      {.stride_h = 2, .stride_w = 2, .same = false});
        break;
      case 4:
        x = b.pool(OpKind::kMaxPool2d, x, 2, 2,
                   {.stride_h = 2, .stride_w = 2, .same = false});
        break;
      case 5:
        x = b.add(x, b.unary(OpKind::kRelu, x, {0.1f, 0}), {0.2f, 1});
        break;
      case 6:
        x = b.concatenation({x, b.pad(x, {0, 0, 0, 0}, {0, 0, 0, 2})}, 3);
        break;
      case 7:
        x = b.split(b.concatenation({x, x}, 3), 3, 2)[1];
        break;
      default:
        x = b.mul(x, b.reduce(OpKind::kMean, x, {1, 2}, true, {0.1f, 0}),
                  {0.2f, 1});
    }
  }
  if (pick(2) == 0) {
    x = b.reduce(OpKind::kMean, x, {1, 2}, false, {0.1f, 0});
  } else {
    const Shape shape = b.shape(x);
    x = b.pool(OpKind::kAveragePool2d, x, shape[1], shape[2], {.same = false});
    x = b.reshape(x, {1, shape[3]});
  }
  const int channels = b.shape(x)[1];
  const int w =
      b.weights({5, channels}, Filler(size_t(5 * channels), 1), {0.01f}, 0);
  x = b.fully_connected(x, w, b.bias({1, 2, 3, 4, 5}), {0.1f, 0});
  b.output(b.softmax(x));
  return import_tflite(b.finish(), "net");
}

void expect_equal(const Graph& got, const Graph& wanted) {
  ASSERT_EQ(got.ops.size(), wanted.ops.size());
  for (size_t k = 0; k < got.ops.size(); ++k) {
    SCOPED_TRACE(testing::Message() << k << " " << op_name(wanted.ops[k].kind));
    const Op &a = got.ops[k], &b = wanted.ops[k];
    EXPECT_EQ(got.tensors[size_t(a.outputs[0])].shape,
              wanted.tensors[size_t(b.outputs[0])].shape);
    if (const auto* w = std::get_if<WindowAttr>(&b.attr)) {
      const auto& v = std::get<WindowAttr>(a.attr);
      EXPECT_EQ(v.pad_top, w->pad_top);
      EXPECT_EQ(v.pad_left, w->pad_left);
      EXPECT_EQ(v.kernel_h, w->kernel_h);
      EXPECT_EQ(v.kernel_w, w->kernel_w);
    }
    if (const auto* p = std::get_if<PadAttr>(&b.attr)) {
      EXPECT_EQ(std::get<PadAttr>(a.attr).before, p->before);
      EXPECT_EQ(std::get<PadAttr>(a.attr).after, p->after);
    }
  }
  EXPECT_EQ(model_macs(got), model_macs(wanted));
}

TEST(ResizeInput, IsWhatTheImporterMakesOfTheOtherSize) {
  int done = 0;
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed + 1000);
    const auto side = [&] { return 65 + static_cast<int>(random() % 63); };
    const int rows = side(), columns = side();
    Graph wanted, from;
    try {  // a network may become too small for its own windows
      from = random_network(seed, side(), side());
      wanted = random_network(seed, rows, columns);
    } catch (const Error&) {
      continue;
    }
    Graph got;
    try {
      got = resize_input(from, rows, columns);
    } catch (const Error& e) {
      ADD_FAILURE() << e.what();
      continue;
    }
    expect_equal(got, wanted);
    ++done;
  }
  EXPECT_GT(done, 200);
}

TEST(ResizeInput, TheSameSizeChangesNothing) {
  const Graph graph = random_network(4, 80, 96);
  expect_equal(resize_input(graph, 80, 96), graph);
}

std::string refusal(ModelBuilder& b, int output, int rows, int columns) {
  b.output(output);
  try {
    resize_input(import_tflite(b.finish(), "net"), rows, columns);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUnsupported);
    return e.what();
  }
  return "";
}

TEST(ResizeInput, AFlattenedPictureIsRefused) {
  ModelBuilder b;
  const int x = b.input({1, 8, 8, 3}, {0.05f, -3});
  const int y = b.reshape(x, {1, 192});
  b.rename(y, "flat");
  EXPECT_EQ(refusal(b, y, 16, 16),
            "net at 16x16: layer 0 (RESHAPE 'flat'): it joins or cuts rows "
            "and columns");
}

TEST(ResizeInput, AWindowThatNoLongerFitsIsRefused) {
  ModelBuilder b;
  const int x = b.input({1, 16, 16, 3}, {0.05f, -3});
  const int y = conv(b, x, 4, 5, {.same = false});
  EXPECT_NE(refusal(b, y, 16, 4).find("a window of 5 does not fit 4 columns"),
            std::string::npos);
}

TEST(ResizeInput, SomeOfTheRowsAreRefused) {
  ModelBuilder b;
  const int x = b.input({1, 16, 16, 3}, {0.05f, -3});
  const int y = b.slice(x, {0, 2, 0, 0}, {1, 8, 16, 3});
  EXPECT_NE(refusal(b, y, 20, 16).find("it takes some of the rows"),
            std::string::npos);
}

TEST(ResizeInput, ASizeThatIsNoneIsUsage) {
  const Graph graph = random_network(4, 80, 96);
  for (const int side : {-1, 0, 4097}) {
    expect_throws([&] { resize_input(graph, side, 96); }, Exit::kUsage);
  }
}

}  // namespace
}  // namespace shoal
