#include "host/data/evaluate/testing/small_task.h"

#include <random>

#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

constexpr int kHeight = 20, kWidth = 16, kClasses = 8;

std::vector<int8_t> weights(std::mt19937& random, int count) {
  std::vector<int8_t> values(static_cast<size_t>(count));
  for (int8_t& v : values) v = static_cast<int8_t>(random() % 255 - 127);
  return values;
}

}  // namespace

std::vector<uint8_t> small_classifier(uint32_t seed) {
  std::mt19937 random(seed);
  ModelBuilder b;
  const int x = b.input({1, kHeight, kWidth, 3}, {1 / 255.f, -128});
  const int w0 = b.weights({8, 3, 3, 3}, weights(random, 8 * 27), {0.004f}, 0);
  const int y =
      b.conv(x, w0, -1, {0.02f, -5}, {.activation = Activation::kRelu});
  const int w1 = b.weights({1, 3, 3, 8}, weights(random, 72), {0.01f}, 3);
  const int z = b.depthwise(y, w1, -1, {0.04f, 2});
  const int w2 = b.weights({16, 1, 1, 8}, weights(random, 16 * 8), {0.01f}, 0);
  const int u = b.conv(z, w2, -1, {0.05f, 2}, {.stride_h = 2, .stride_w = 2});
  const int mean = b.reduce(OpKind::kMean, u, {1, 2}, false, {0.02f, 2});
  const int w3 =
      b.weights({kClasses, 16}, weights(random, kClasses * 16), {0.01f}, 0);
  b.output(b.softmax(b.fully_connected(mean, w3, -1, {0.05f, 0})));
  return b.finish();
}

ListedData small_data(uint32_t seed, int frames) {
  std::mt19937 random(seed);
  std::vector<std::vector<uint8_t>> items(static_cast<size_t>(frames));
  std::vector<int> labels;
  for (std::vector<uint8_t>& item : items) {
    item.resize(size_t{kHeight} * kWidth * 3);
    uint8_t colour[3];
    for (uint8_t& c : colour) c = static_cast<uint8_t>(random());
    for (size_t i = 0; i < item.size(); ++i) {
      item[i] = random() % 4 ? colour[i % 3] : static_cast<uint8_t>(random());
    }
    labels.push_back(static_cast<int>(random() % kClasses));
  }
  return {std::move(items), std::move(labels)};
}

}  // namespace shoal
