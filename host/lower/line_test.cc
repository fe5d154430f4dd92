#include "host/lower/line.h"

#include <gtest/gtest.h>

#include "host/lower/testing/net_eval.h"
#include "host/lower/testing/test_graph.h"

namespace shoal {
namespace {

// Builds graphs whose time lies along columns of one row, or along rows of
// one column; all else is the same.
class Signal {
 public:
  explicit Signal(bool along_columns) : along_columns_(along_columns) {}

  TestGraph t;

  Shape shape(int steps, int channels) const {
    return along_columns_ ? Shape{1, 1, steps, channels}
                          : Shape{1, steps, 1, channels};
  }
  WindowAttr window(int steps, int stride = 1, int dilation = 1) const {
    WindowAttr a;
    (along_columns_ ? a.kernel_w : a.kernel_h) = steps;
    (along_columns_ ? a.stride_w : a.stride_h) = stride;
    (along_columns_ ? a.dilation_w : a.dilation_h) = dilation;
    return a;
  }
  int pad(int x, int before, int after) {
    return along_columns_ ? t.pad(x, {0, 0, before, 0}, {0, 0, after, 0})
                          : t.pad(x, {0, before, 0, 0}, {0, after, 0, 0});
  }
  int steps(int x) const { return t.shape(x)[along_columns_ ? 2 : 1]; }

 private:
  bool along_columns_;
};

// A network of this kind, both ways: the nets are the same, and so are plans.
template <typename Build>
void expect_same_nets(const Build& build) {
  Signal columns(true), rows(false);
  build(columns);
  build(rows);
  const Net a = lower(columns.t.graph), b = lower(rows.t.graph);
  EXPECT_EQ(net_faults(a), std::vector<std::string>{});
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t k = 0; k < a.tensors.size(); ++k) {
    EXPECT_EQ(a.tensors[k].box(), b.tensors[k].box()) << a.tensors[k].name;
    EXPECT_EQ(a.tensors[k].turned, a.tensors[k].rows > 1) << a.tensors[k].name;
    EXPECT_FALSE(b.tensors[k].turned) << b.tensors[k].name;
  }
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (size_t k = 0; k < a.layers.size(); ++k) {
    const Layer &p = a.layers[k], &q = b.layers[k];
    SCOPED_TRACE(p.name);
    EXPECT_EQ(p.op, q.op);
    EXPECT_EQ(p.in[0], q.in[0]);
    EXPECT_EQ(p.in[1], q.in[1]);
    EXPECT_EQ(p.out, q.out);
    EXPECT_EQ(p.kernel_h, q.kernel_h);
    EXPECT_EQ(p.kernel_w, q.kernel_w);
    EXPECT_EQ(p.stride_y, q.stride_y);
    EXPECT_EQ(p.stride_x, q.stride_x);
    EXPECT_EQ(p.dilation_y, q.dilation_y);
    EXPECT_EQ(p.dilation_x, q.dilation_x);
    EXPECT_EQ(p.pad_top, q.pad_top);
    EXPECT_EQ(p.pad_left, q.pad_left);
    EXPECT_EQ(p.params, q.params);
    EXPECT_EQ(p.row_map, q.row_map);
    EXPECT_EQ(p.column_map, q.column_map);
    EXPECT_EQ(p.weights.values, q.weights.values);
    EXPECT_EQ(p.weights.bias, q.weights.bias);
  }
}

TEST(Line, ConvolutionsPoolsAndAHead) {
  expect_same_nets([](Signal& s) {
    TestGraph& t = s.t;
    int x = t.conv(t.input(s.shape(200, 1)), 4, s.window(7, 2));
    x = t.depthwise(x, s.window(5));
    x = t.conv(x, 8, s.window(1));
    const int steps = (s.steps(x) - 2) / 2 + 1;
    x = t.op(OpKind::kMaxPool2d, {x}, s.shape(steps, 8), s.window(2, 2));
    const int mean =
        t.reduce(OpKind::kMean, x, {false, true, true, false}, false);
    t.graph.outputs = {t.fully_connected(mean, 8, 3)};
  });
}

TEST(Line, CausalDilationsAndSkips) {
  expect_same_nets([](Signal& s) {
    TestGraph& t = s.t;
    int x = t.input(s.shape(60, 6));
    for (const int dilation : {1, 2, 4}) {
      const int padded = s.pad(x, 2 * dilation, 0);
      const int y = t.conv(padded, 6, s.window(3, 1, dilation));
      x = t.add(x, y);
    }
    t.graph.outputs = {t.fully_connected(x, 360, 4)};
  });
}

TEST(Line, ShapesOfRankThreeBetweenTheLayers) {
  expect_same_nets([](Signal& s) {
    TestGraph& t = s.t;
    int x = t.reshape(t.input({1, 50, 3}), s.shape(50, 3));
    x = t.reshape(t.conv(x, 5, s.window(3)), {1, 48, 5});
    x = t.op(OpKind::kLeakyRelu, {x}, {1, 48, 5}, AlphaAttr{0.2f});
    x = t.add(x, t.constant({5}));
    x = t.conv(t.reshape(x, s.shape(48, 5)), 2, s.window(4, 4));
    t.graph.outputs = {t.reshape(x, {1, 12, 2})};
  });
}

TEST(Line, ResizedSignals) {
  for (const OpKind kind :
       {OpKind::kResizeNearestNeighbor, OpKind::kResizeBilinear}) {
    expect_same_nets([kind](Signal& s) {
      const int x = s.t.conv(s.t.input(s.shape(20, 2)), 3, s.window(2));
      s.t.graph.outputs = {
          s.t.op(kind, {x}, s.shape(38, 3), ResizeAttr{false, false})};
    });
  }
}

// The rows of what users see are the file's.
TEST(Line, PlacesAreInTheFilesOrder) {
  Signal s(true);
  const int x = s.t.input(s.shape(9, 2));
  const int y = s.t.conv(x, 4, s.window(3));
  s.t.graph.outputs = {y};
  const Net net = lower(s.t.graph);
  EXPECT_EQ(net.inputs[0].place.view.box, (Box{0, 9, 0, 1, 0, 2}));
  EXPECT_TRUE(net.inputs[0].place.perm.empty());
  ASSERT_TRUE(net.places[static_cast<size_t>(y)]);
  EXPECT_EQ(net.places[static_cast<size_t>(y)]->view.box,
            (Box{0, 7, 0, 1, 0, 4}));
}

TEST(Line, OtherPicturesStayAsTheyAre) {
  TestGraph t;
  WindowAttr tall;
  tall.kernel_h = 3;
  const int row = t.conv(t.input({1, 3, 8, 2}), 4, tall);  // becomes one row
  WindowAttr all;
  all.kernel_w = 8;
  t.graph.outputs = {t.op(OpKind::kAveragePool2d, {row}, {1, 1, 1, 4}, all)};
  const Net net = lower(t.graph);
  ASSERT_EQ(net.layers.size(), 2u);
  EXPECT_EQ(net.layers[1].in[0].box, (Box{0, 1, 0, 8, 0, 4}));
  EXPECT_EQ(net.layers[1].kernel_w, 8);
}

}  // namespace
}  // namespace shoal
