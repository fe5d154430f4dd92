#include <gtest/gtest.h>

#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

// Layers 0 to 5. Layer 3, the projection, has the shortest rows between the two
// depthwise convolutions. Between the first two windows there is only layer 0.
Net two_windows() {
  ShapeNet n("two windows");
  int x = n.depthwise(n.conv(n.input(24, 24, 3), 3, 1, 16), 3, 1);
  x = n.conv(n.conv(x, 1, 1, 32), 1, 1, 8);
  x = n.depthwise(n.conv(x, 1, 1, 48), 3, 1);
  n.output(n.conv(x, 1, 1, 4));
  return n.finish();
}

TEST(HaloLayers, AreTheNarrowestBetweenWindows) {
  const std::vector<bool> expected = {true,  false, false, true,
                                      false, false, false};
  EXPECT_EQ(halo_layers(two_windows()), expected);
}

// A constant reads nothing, so the search back from a window ends there.
TEST(HaloLayers, MayReadAConstant) {
  ShapeNet n("constant");
  const int x = n.conv(n.input(16, 16, 4), 1, 1, 4);
  n.output(n.conv(n.add(n.constant(16, 16, 4), x), 3, 1, 8));
  n.output(n.conv(n.constant(16, 16, 8), 3, 1, 8));
  const Net net = n.finish();
  const std::vector<bool> chosen = halo_layers(net);
  int count = 0;
  for (const bool c : chosen) count += c;
  EXPECT_EQ(count, 2);
}

TEST(HaloLayers, AreSentByNodesThatHaveColumnsOfAllRows) {
  const Net net = two_windows();
  const Cluster cluster = uniform_cluster(4, find_board("teensy41"), {});
  const Crew crew = whole_crew(cluster);
  const auto sent = [&](int rows, int columns) {
    Cuts cuts;
    for (const Layer& layer : net.layers) {
      cuts.layers.push_back(cut_grid(layer, crew, rows, columns));
    }
    const bool any = send_halos(net, cuts);
    int count = 0;
    for (const LayerCut& cut : cuts.layers) count += cut.sends_halo;
    EXPECT_EQ(any, count > 0);
    return count;
  };
  EXPECT_EQ(sent(1, 4), 2);
  EXPECT_EQ(sent(2, 2), 0);
  EXPECT_EQ(sent(4, 1), 0);
}

}  // namespace
}  // namespace shoal
