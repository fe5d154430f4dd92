#include "host/plan/testing/branch_nets.h"

#include <random>

namespace shoal {

Net wired_net(uint32_t seed, int layers) {
  std::mt19937 random(seed);
  const auto pick = [&](int low, int high) {
    return low +
           static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
  };
  ShapeNet n("wired" + std::to_string(seed));
  const int rows = pick(4, 9), columns = pick(3, 7);
  std::vector<int> made{n.input(rows, columns, pick(2, 8))};
  if (pick(0, 2) == 0) made.push_back(n.input(rows, columns, pick(2, 8)));
  const auto any = [&] { return made[random() % made.size()]; };
  for (int left = layers; left > 0;) {
    const int x = any();
    const int kind = pick(0, 5);
    if (kind == 0 && left >= 2) {
      const int a = pick(1, 6), b = pick(1, 6);
      const int all = n.tensor(rows, columns, a + b);
      const int y = any();
      n.conv_between(x, 0, n.shape(x).channels, all, 0, a);
      n.conv_between(y, 0, n.shape(y).channels, all, a, b);
      made.push_back(all);
      left -= 2;
      continue;
    }
    if (kind == 1) {
      const int y = any();
      const NetTensor &s = n.shape(x), &t = n.shape(y);
      if (x != y && s.channels == t.channels) {
        made.push_back(n.add(x, y));
        --left;
        continue;
      }
    }
    if (kind == 2 && left >= 2) {
      made.push_back(n.mul(x, n.constant(1, 1, n.shape(x).channels)));
      left -= 2;
      continue;
    }
    made.push_back(n.conv(x, pick(0, 1) ? 3 : 1, 1, pick(1, 3) * 4));
    --left;
  }
  n.output(made.back());
  for (size_t i = 2; i + 1 < made.size(); ++i) {
    if (pick(0, 3) == 0) n.output(made[i]);
  }
  return n.finish();
}

Net breadth_first_net(int cells, int branches) {
  ShapeNet n("breadth first");
  int x = n.conv(n.input(24, 24, 3), 3, 1, 8);
  for (int c = 0; c < cells; ++c) {
    std::vector<int> wide, scales;
    for (int b = 0; b < branches; ++b) wide.push_back(n.conv(x, 3, 1, 48));
    for (const int w : wide) scales.push_back(n.mean(w));
    for (size_t b = 0; b < wide.size(); ++b) {
      x = n.add(x, n.conv(n.mul(wide[b], scales[b]), 1, 1, 8));
    }
  }
  n.output(x);
  return n.finish();
}

}  // namespace shoal
