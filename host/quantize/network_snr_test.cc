// Small networks of the usual kinds keep 20 dB at their outputs, whatever the
// method of ranges.
#include <gtest/gtest.h>

#include "host/quantize/testing/float_net.h"

namespace shoal {
namespace {

Graph mobile() {
  FloatNet net(1);
  constexpr auto k6 = Activation::kRelu6;
  int x = net.input({1, 32, 32, 3});
  x = net.conv(x, 8, {.kernel = 3, .stride = 2, .act = k6});
  for (const int channels : {12, 12, 16}) {
    int y = net.conv(x, net.shape(x)[3] * 4, {.act = k6});
    y = net.depthwise(y, {.kernel = 3, .act = k6});
    y = net.conv(y, channels, {});
    x = net.shape(x) == net.shape(y) ? net.binary(OpKind::kAdd, x, y) : y;
  }
  net.output(net.dense(net.mean(x), 10));
  return net.graph();
}

Graph residual() {
  FloatNet net(2);
  constexpr auto kRelu = Activation::kRelu;
  int x = net.input({1, 32, 32, 3});
  x = net.pad(x, 3, 3);
  x = net.conv(x, 16, {.kernel = 7, .stride = 2, .same = false, .act = kRelu});
  x = net.padv2(x, 1, 1, -INFINITY);
  x = net.pool(OpKind::kMaxPool2d, x,
               {.kernel = 3, .stride = 2, .same = false});
  for (int block = 0; block < 2; ++block) {
    int y = net.conv(x, 16, {.kernel = 3, .act = kRelu});
    y = net.conv(y, 16, {.kernel = 3});
    x = net.binary(OpKind::kAdd, x, y, kRelu);
  }
  net.output(net.softmax(net.dense(net.mean(x), 10)));
  return net.graph();
}

// Encoder and decoder with skips, as networks for segmentation are.
Graph shaped_like_u() {
  FloatNet net(3);
  constexpr auto kRelu = Activation::kRelu;
  const int x = net.input({1, 24, 24, 3});
  const int a = net.conv(x, 8, {.kernel = 3, .act = kRelu});
  const int b =
      net.conv(net.pool(OpKind::kMaxPool2d, a, {.kernel = 2, .stride = 2}), 16,
               {.kernel = 3, .act = kRelu});
  int c = net.conv(net.pool(OpKind::kMaxPool2d, b, {.kernel = 2, .stride = 2}),
                   16, {.kernel = 3, .act = kRelu});
  c = net.concatenation({net.resize(c, 2), b});
  c = net.conv(c, 8, {.kernel = 3, .act = kRelu});
  c = net.concatenation({net.resize(c, 2), a});
  c = net.conv(c, 4, {});
  net.output(net.unary(OpKind::kLogistic, c));
  return net.graph();
}

class NetworkSnr : public testing::TestWithParam<RangeMethod> {
 protected:
  void expect_20_db(const Graph& graph) {
    const Calibration frames = wave_frames(graph, 24, 1);
    QuantizeOptions options;
    options.ranges = GetParam();
    options.input_ranges = {{0.f, 1.f}};
    QuantizeReport report;
    const Graph int8 = quantize(graph, frames, options, report);
    EXPECT_FALSE(is_float(int8));
    EXPECT_GE(report.output_snr_db, 20) << graph.ops.size();
    for (const LayerReport& layer : report.layers) {
      EXPECT_GE(layer.snr_db, 15) << layer.name;
      EXPECT_LE(layer.clipped, 0.05) << layer.name;
    }
    RecordProperty("snr_db", std::to_string(report.output_snr_db));
    std::printf("%.1f dB, equalized: %d\n", report.output_snr_db,
                report.equalized);
  }
};

TEST_P(NetworkSnr, Mobile) { expect_20_db(mobile()); }
TEST_P(NetworkSnr, Residual) { expect_20_db(residual()); }
TEST_P(NetworkSnr, ShapedLikeU) { expect_20_db(shaped_like_u()); }

INSTANTIATE_TEST_SUITE_P(Methods, NetworkSnr,
                         testing::Values(RangeMethod::kMinMax,
                                         RangeMethod::kPercentile,
                                         RangeMethod::kMse));

}  // namespace
}  // namespace shoal
