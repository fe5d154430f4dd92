#include <random>

#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

int bottleneck(ShapeNet& n, int x, int kernel, int stride, int channels) {
  const int in = n.shape(x).channels;
  const int wide = n.conv(x, 1, 1, in * 4);
  const int narrow = n.conv(n.depthwise(wide, kernel, stride), 1, 1, channels);
  return stride == 1 && in == channels ? n.add(x, narrow) : narrow;
}

int squeeze_excite(ShapeNet& n, int x) {
  const int channels = n.shape(x).channels;
  const int squeezed = n.conv(n.mean(x), 1, 1, 4);
  return n.mul(x, n.table(n.conv(squeezed, 1, 1, channels)));
}

Net chain() {
  ShapeNet n("chain");
  int x = n.input(32, 24, 3);
  x = n.conv(x, 3, 2, 8);
  x = n.depthwise(x, 3, 1);
  x = n.conv(x, 1, 1, 16);
  x = n.conv(x, 3, 1, 16);
  n.output(n.fully_connected(n.max_pool(x, 2, 2), 10));
  return n.finish();
}

Net skip() {
  ShapeNet n("skip");
  int x = n.conv(n.input(40, 20, 3), 3, 2, 8);
  x = bottleneck(n, x, 3, 1, 8);
  x = bottleneck(n, x, 5, 1, 8);
  x = bottleneck(n, x, 3, 2, 16);
  n.output(n.mean(x));
  return n.finish();
}

Net shortcut() {
  ShapeNet n("shortcut");
  const int x = n.conv(n.input(32, 32, 3), 3, 1, 8);
  const int a = n.conv(n.conv(x, 3, 2, 16), 3, 1, 16);
  const int b = n.conv(x, 1, 2, 16);
  n.output(n.fully_connected(n.add(a, b), 5));
  return n.finish();
}

Net concatenation() {
  ShapeNet n("concatenation");
  const int x = n.conv(n.input(24, 24, 4), 3, 2, 12);
  const int all = n.tensor(12, 12, 20);
  n.conv_between(x, 0, 6, all, 0, 8);
  n.conv_between(x, 6, 12, all, 8, 12);
  n.output(n.conv(all, 3, 1, 6));
  return n.finish();
}

Net outputs() {
  ShapeNet n("outputs");
  const int x = n.conv(n.input(32, 16, 3), 3, 2, 8);
  const int a = n.conv(x, 3, 1, 8);
  const int b = n.conv(a, 3, 2, 16);
  n.output(x);
  n.output(n.conv(a, 1, 1, 4));
  n.output(b);
  return n.finish();
}

Net excite() {
  ShapeNet n("excite");
  int x = n.conv(n.input(30, 30, 3), 3, 2, 8);
  x = squeeze_excite(n, n.depthwise(n.conv(x, 1, 1, 24), 5, 1));
  x = n.conv(x, 1, 1, 8);
  n.output(n.mean(squeeze_excite(n, x)));
  return n.finish();
}

Net inputs() {
  ShapeNet n("inputs");
  const int a = n.input(16, 16, 4), b = n.input(32, 32, 2);
  const int x = n.add(n.conv(a, 3, 1, 8), n.conv(b, 3, 2, 8));
  n.output(n.add(n.conv(x, 3, 1, 4), a));
  return n.finish();
}

Net tall() {
  ShapeNet n("tall");
  int x = n.conv(n.input(60, 8, 2), 21, 1, 6);
  x = n.conv(x, 3, 1, 6);
  n.output(n.mean(x));
  n.output(n.fully_connected(x, 7));
  return n.finish();
}

Net pyramid() {
  ShapeNet n("pyramid");
  const int c1 = n.conv(n.input(48, 48, 3), 3, 2, 8);
  const int c2 = n.conv(c1, 3, 2, 12);
  const int c3 = n.conv(c2, 3, 2, 16);
  const int p2 =
      n.add(n.conv(c2, 1, 1, 8), n.resize_twice(n.conv(c3, 1, 1, 8)));
  const int p1 = n.add(n.conv(c1, 1, 1, 8), n.resize_twice(p2));
  n.output(n.conv(p1, 3, 1, 4));
  n.output(n.conv(p2, 3, 1, 4));
  n.output(n.conv(c3, 3, 1, 4));
  return n.finish();
}

Net reshaped() {
  ShapeNet n("reshaped");
  int x = n.conv(n.input(12, 10, 2), 3, 1, 6);
  x = n.reshape(x, 20, 4, 9);
  n.output(n.conv(x, 3, 1, 3));
  return n.finish();
}

Net nothing() {
  ShapeNet n("nothing");
  n.output(n.input(5, 4, 3));
  return n.finish();
}

}  // namespace

std::vector<NamedNet> shape_nets() {
  std::vector<NamedNet> all;
  for (const Net& net :
       {chain(), skip(), shortcut(), concatenation(), outputs(), excite(),
        inputs(), tall(), pyramid(), reshaped(), nothing()}) {
    all.push_back({net.name, net});
  }
  return all;
}

Net bottleneck_net(int size, int blocks) {
  ShapeNet n("bottlenecks");
  int x = n.conv(n.input(size, size, 3), 3, 2, 8);
  for (int b = 0; b < blocks; ++b) {
    const int channels = n.shape(x).channels;
    const bool down = b % 3 == 1 && n.shape(x).rows > 6;
    x = bottleneck(n, x, b % 4 == 2 ? 5 : 3, down ? 2 : 1,
                   down ? channels + 8 : channels);
  }
  n.output(n.fully_connected(n.mean(n.conv(x, 1, 1, 64)), 10));
  return n.finish();
}

Net early_net() {
  ShapeNet n("early");
  int x = n.conv(n.input(96, 96, 3), 3, 2, 8);
  x = n.conv(n.depthwise(n.conv(x, 1, 1, 48), 3, 1), 1, 1, 8);
  x = n.conv(n.depthwise(n.conv(x, 1, 1, 48), 3, 2), 1, 1, 16);
  x = n.depthwise(n.depthwise(x, 3, 2), 3, 2);
  n.output(n.fully_connected(n.mean(x), 10));
  return n.finish();
}

Net random_net(uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int low, int high) {
    return low +
           static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
  };
  ShapeNet n("random" + std::to_string(seed));
  std::vector<int> made{n.input(pick(5, 40), pick(3, 20), pick(1, 6))};
  for (int l = pick(3, 14); l > 0; --l) {
    const int x = pick(0, 2) ? made.back() : made[random() % made.size()];
    const NetTensor shape = n.shape(x);
    int y = -1;
    switch (pick(0, 9)) {
      case 0:
      case 1:
        y = n.conv(x, pick(1, 5), pick(1, 2), pick(2, 12));
        break;
      case 2:
        y = n.depthwise(x, pick(2, 7), pick(1, 3));
        break;
      case 3:
        y = n.max_pool(x, pick(2, 3), pick(1, 2));
        break;
      case 4:
        y = bottleneck(n, x, 3, 1, shape.channels);
        break;
      case 5:
        y = squeeze_excite(n, x);
        break;
      case 6:
        y = n.reshape(x, shape.columns, shape.rows, shape.channels);
        break;
      case 7:
        y = shape.rows < 30 ? n.resize_twice(x) : n.table(x);
        break;
      default:
        for (int other : made) {
          const NetTensor& o = n.shape(other);
          if (other != x && o.rows == shape.rows &&
              o.columns == shape.columns && o.channels == shape.channels) {
            y = n.add(x, other);
            break;
          }
        }
        if (y < 0) y = n.table(x);
    }
    made.push_back(y);
  }
  n.output(made.back());
  if (pick(0, 2) == 0) n.output(made[random() % made.size()]);
  if (pick(0, 3) == 0) n.output(n.mean(made[random() % made.size()]));
  return n.finish();
}

}  // namespace shoal
