// SqueezeNet 1.0 (arXiv 1602.07360) and its cheaper version 1.1.
#include <set>

#include "host/model/zoo/networks.h"
#include "host/model/zoo/zoo_builder.h"

namespace shoal::zoo {
namespace {

struct Layout {
  int first_channels, first_kernel;
  std::set<int> pooled;  // fire modules that a pool follows
};

int fire(ZooBuilder& b, const std::string& name, int x, int squeezed,
         int expanded) {
  x = b.conv(name + "/squeeze", x, {.channels = squeezed});
  const int one = b.conv(name + "/expand1", x, {.channels = expanded});
  const int three =
      b.conv(name + "/expand3", x, {.channels = expanded, .kernel = 3});
  return b.concatenation(name + "/concat", {one, three});
}

Graph squeezenet(const std::string& name, int side, const Layout& layout) {
  ZooBuilder b(name);
  int x = b.input(side);
  x = b.conv("conv1", x,
             {.channels = layout.first_channels,
              .kernel = layout.first_kernel,
              .stride = 2,
              .same = false});
  x = b.max_pool("pool1", x, {.kernel = 3});
  for (int i = 2; i <= 9; ++i) {
    const std::string suffix = std::to_string(i);
    const int squeezed = 16 * (i / 2);
    x = fire(b, "fire" + suffix, x, squeezed, 4 * squeezed);
    if (layout.pooled.contains(i)) {
      x = b.max_pool("pool" + suffix, x, {.kernel = 3});
    }
  }
  x = b.conv("conv10", x, {.channels = 1000});
  return b.finish(b.average("average", x));
}

}  // namespace

Graph squeezenet1_0(const std::string& name, int side) {
  return squeezenet(name, side, {96, 7, {4, 8}});
}

Graph squeezenet1_1(const std::string& name, int side) {
  return squeezenet(name, side, {64, 3, {3, 5}});
}

}  // namespace shoal::zoo
