// The graph whose values ranks tell each other, in fuzz_ranks and its seeds.
#pragma once

#include "host/quantize/testing/float_net.h"

inline shoal::Graph ranks_graph() {
  shoal::FloatNet net(1);
  const int x = net.conv(net.input({1, 3, 3, 2}), 2, {.kernel = 2});
  net.output(net.dense(net.mean(x), 2));
  return net.graph();
}
