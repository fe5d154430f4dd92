// AlexNet and VGG-16: chains that end in large fully connected layers.
#include "host/model/zoo/networks.h"
#include "host/model/zoo/zoo_builder.h"

namespace shoal::zoo {
namespace {

int classifier(ZooBuilder& b, int x) {
  x = b.flatten("flatten", x);
  x = b.dense("fc6", x, 4096, kRelu);
  x = b.dense("fc7", x, 4096, kRelu);
  return b.dense("fc8", x, 1000);
}

}  // namespace

// The one-column version (arXiv 1404.5997): 61.1 M weights, no groups. Its
// local response normalization is left out, as everywhere today.
Graph alexnet(const std::string& name, int side) {
  ZooBuilder b(name);
  int x = b.input(side);
  x = b.conv("conv1", x,
             {.channels = 64, .kernel = 11, .stride = 4, .same = false});
  x = b.max_pool("pool1", x, {.kernel = 3});
  x = b.conv("conv2", x, {.channels = 192, .kernel = 5});
  x = b.max_pool("pool2", x, {.kernel = 3});
  x = b.conv("conv3", x, {.channels = 384, .kernel = 3});
  x = b.conv("conv4", x, {.channels = 256, .kernel = 3});
  x = b.conv("conv5", x, {.channels = 256, .kernel = 3});
  x = b.max_pool("pool5", x, {.kernel = 3});
  return b.finish(classifier(b, x));
}

// Configuration D of arXiv 1409.1556: 138.3 M weights.
Graph vgg16(const std::string& name, int side) {
  ZooBuilder b(name);
  int x = b.input(side);
  constexpr int kChannels[] = {64, 128, 256, 512, 512};
  constexpr int kDepth[] = {2, 2, 3, 3, 3};
  for (int block = 0; block < 5; ++block) {
    const std::string number = std::to_string(block + 1);
    for (int i = 1; i <= kDepth[block]; ++i) {
      x = b.conv("conv" + number + "_" + std::to_string(i), x,
                 {.channels = kChannels[block], .kernel = 3});
    }
    x = b.max_pool("pool" + number, x, {});
  }
  return b.finish(classifier(b, x));
}

}  // namespace shoal::zoo
