// ResNet-18 and ResNet-50 (arXiv 1512.03385) with strides in the 3 x 3
// convolutions; batch norms are folded into the convolutions.
#include "host/model/zoo/networks.h"
#include "host/model/zoo/zoo_builder.h"

namespace shoal::zoo {
namespace {

struct Block {
  std::string name;
  int channels, stride;
};

// The sum of a branch and its input, projected where the shape changes.
int join(ZooBuilder& b, const Block& block, int x, int branch) {
  int shortcut = x;
  if (b.channels(x) != b.channels(branch) || block.stride != 1) {
    shortcut = b.conv(block.name + "/shortcut", x,
                      {.channels = b.channels(branch),
                       .stride = block.stride,
                       .activation = kNone});
  }
  return b.add(block.name + "/add", branch, shortcut, kRelu);
}

int basic_block(ZooBuilder& b, const Block& block, int x) {
  int y =
      b.conv(block.name + "/conv1", x,
             {.channels = block.channels, .kernel = 3, .stride = block.stride});
  y = b.conv(block.name + "/conv2", y,
             {.channels = block.channels, .kernel = 3, .activation = kNone});
  return join(b, block, x, y);
}

int bottleneck(ZooBuilder& b, const Block& block, int x) {
  int y = b.conv(block.name + "/conv1", x, {.channels = block.channels});
  y = b.conv(block.name + "/conv2", y,
             {.channels = block.channels, .kernel = 3, .stride = block.stride});
  y = b.conv(block.name + "/conv3", y,
             {.channels = 4 * block.channels, .activation = kNone});
  return join(b, block, x, y);
}

Graph resnet(const std::string& name, int side, const int (&depth)[4],
             int (*make_block)(ZooBuilder&, const Block&, int)) {
  ZooBuilder b(name);
  int x = b.input(side);
  x = b.conv("conv1", x, {.channels = 64, .kernel = 7, .stride = 2});
  x = b.max_pool("pool1", x, {.kernel = 3});
  for (int stage = 0; stage < 4; ++stage) {
    for (int i = 0; i < depth[stage]; ++i) {
      const std::string block_name =
          "block" + std::to_string(stage + 1) + "_" + std::to_string(i + 1);
      const int stride = stage > 0 && i == 0 ? 2 : 1;
      x = make_block(b, {block_name, 64 << stage, stride}, x);
    }
  }
  x = b.average("average", x);
  return b.finish(b.dense("fc", x, 1000));
}

}  // namespace

Graph resnet18(const std::string& name, int side) {
  return resnet(name, side, {2, 2, 2, 2}, basic_block);
}

Graph resnet50(const std::string& name, int side) {
  return resnet(name, side, {3, 4, 6, 3}, bottleneck);
}

}  // namespace shoal::zoo
