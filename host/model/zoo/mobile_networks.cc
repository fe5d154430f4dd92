// MobileNetV1 (arXiv 1704.04861) and MobileNetV2 (arXiv 1801.04381), both of
// width 1.0.
#include "host/model/zoo/networks.h"
#include "host/model/zoo/zoo_builder.h"

namespace shoal::zoo {
namespace {

struct Inverted {
  int expansion, channels, stride;
};

int inverted_block(ZooBuilder& b, const std::string& name, int x,
                   const Inverted& block) {
  int y = x;
  if (block.expansion > 1) {
    y = b.conv(
        name + "/expand", y,
        {.channels = block.expansion * b.channels(x), .activation = kRelu6});
  }
  y = b.depthwise(name + "/depthwise", y, 3, block.stride, kRelu6);
  y = b.conv(name + "/project", y,
             {.channels = block.channels, .activation = kNone});
  if (block.stride != 1 || b.channels(x) != block.channels) return y;
  return b.add(name + "/add", x, y, kNone);
}

}  // namespace

Graph mobilenet_v1(const std::string& name, int side) {
  ZooBuilder b(name);
  int x = b.input(side);
  x = b.conv("conv1", x,
             {.channels = 32, .kernel = 3, .stride = 2, .activation = kRelu6});
  constexpr int kChannels[] = {64,  128, 128, 256, 256,  512, 512,
                               512, 512, 512, 512, 1024, 1024};
  int number = 1;
  for (const int channels : kChannels) {
    const std::string suffix = std::to_string(number);
    const bool halves =
        number == 2 || number == 4 || number == 6 || number == 12;
    x = b.depthwise("depthwise" + suffix, x, 3, halves ? 2 : 1, kRelu6);
    x = b.conv("pointwise" + suffix, x,
               {.channels = channels, .activation = kRelu6});
    ++number;
  }
  x = b.average("average", x);
  return b.finish(b.dense("fc", x, 1000));
}

Graph mobilenet_v2(const std::string& name, int side) {
  ZooBuilder b(name);
  int x = b.input(side);
  x = b.conv("conv1", x,
             {.channels = 32, .kernel = 3, .stride = 2, .activation = kRelu6});
  struct Group {
    int expansion, channels, blocks, stride;
  };
  constexpr Group kGroups[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2},
                               {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2},
                               {6, 320, 1, 1}};
  int number = 0;
  for (const Group& group : kGroups) {
    for (int i = 0; i < group.blocks; ++i) {
      x = inverted_block(
          b, "block" + std::to_string(number++), x,
          {group.expansion, group.channels, i == 0 ? group.stride : 1});
    }
  }
  x = b.conv("conv2", x, {.channels = 1280, .activation = kRelu6});
  x = b.average("average", x);
  return b.finish(b.dense("fc", x, 1000));
}

}  // namespace shoal::zoo
