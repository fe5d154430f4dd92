// The shapes of MobileNetV2 1.0: 64 layers.
#pragma once

#include "host/plan/testing/shape_net.h"

namespace shoal {

inline Net mobilenet(int size) {
  ShapeNet n("mobilenet");
  int x = n.conv(n.input(size, size, 3), 3, 2, 32);
  x = n.conv(n.depthwise(x, 3, 1), 1, 1, 16);
  const int blocks[][3] = {{24, 2, 2}, {32, 3, 2},  {64, 4, 2},
                           {96, 3, 1}, {160, 3, 2}, {320, 1, 1}};
  for (const auto& [channels, repeats, stride] : blocks) {
    for (int i = 0; i < repeats; ++i) {
      const int from = x, wide = n.conv(x, 1, 1, 6 * n.shape(x).channels);
      x = n.conv(n.depthwise(wide, 3, i == 0 ? stride : 1), 1, 1, channels);
      if (i > 0) x = n.add(from, x);
    }
  }
  n.output(n.fully_connected(n.mean(n.conv(x, 1, 1, 1280)), 1000));
  return n.finish();
}

}  // namespace shoal
