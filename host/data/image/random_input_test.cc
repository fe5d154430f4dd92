#include "host/data/image/random_input.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <set>

#include "host/base/error.h"

namespace shoal {
namespace {

Graph with_inputs(const std::vector<Shape>& shapes, Type type) {
  Graph graph;
  for (const Shape& shape : shapes) {
    Tensor t;
    t.type = type == Type::kFloat32 ? type : Type::kInt8;
    t.file_type = type;
    t.shape = shape;
    t.quant = {{1.f / 128}, {0}, 0};
    graph.inputs.push_back(static_cast<int>(graph.tensors.size()));
    graph.tensors.push_back(t);
  }
  return graph;
}

TEST(RandomInput, IsAPictureThatTheSeedDecides) {
  const Graph graph = with_inputs({{1, 96, 80, 3}}, Type::kInt8);
  const std::vector<uint8_t> one = random_input(graph, 1);
  ASSERT_EQ(one.size(), 96u * 80 * 3);
  EXPECT_EQ(one, random_input(graph, 1));
  EXPECT_NE(one, random_input(graph, 2));
  EXPECT_GE(std::set<uint8_t>(one.begin(), one.end()).size(), 200u);
  // Neighbours resemble each other, far places do not.
  int64_t near = 0, far = 0;
  const auto at = [&](int y, int x) {
    return static_cast<int8_t>(one[static_cast<size_t>((y * 80 + x) * 3)]);
  };
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 40; ++x) {
      near += std::abs(at(y, x) - at(y, x + 1));
      far += std::abs(at(y, x) - at(y + 48, x + 40));
    }
  }
  EXPECT_LT(4 * near, far);
}

TEST(RandomInput, IsTheSamePictureInEveryType) {
  const std::vector<uint8_t> int8 =
      random_input(with_inputs({{1, 8, 8, 3}}, Type::kInt8), 7);
  std::vector<uint8_t> uint8 =
      random_input(with_inputs({{1, 8, 8, 3}}, Type::kUint8), 7);
  for (uint8_t& b : uint8) b ^= 0x80;
  EXPECT_EQ(int8, uint8);
  // Pinned: what one machine prints another has to print.
  const uint8_t first[] = {0x06, 0x00, 0x16, 0xF9, 0xEE, 0x12};
  EXPECT_EQ(std::vector<uint8_t>(std::begin(first), std::end(first)),
            std::vector<uint8_t>(int8.begin(), int8.begin() + 6));
}

TEST(RandomInput, FillsInputsThatAreNoPictures) {
  const std::vector<uint8_t> bytes =
      random_input(with_inputs({{1, 40}, {1, 9, 9, 16}}, Type::kInt8), 3);
  EXPECT_EQ(bytes.size(), 40u + 9 * 9 * 16);
  const std::vector<uint8_t> floats =
      random_input(with_inputs({{1, 100}}, Type::kFloat32), 3);
  ASSERT_EQ(floats.size(), 400u);
  for (size_t i = 0; i < 100; ++i) {
    float v;
    std::memcpy(&v, &floats[4 * i], sizeof v);
    EXPECT_GE(v, -1);
    EXPECT_LT(v, 1);
  }
}

TEST(RandomInput, ReadsItsSeed) {
  EXPECT_TRUE(is_random_input("random:1"));
  EXPECT_FALSE(is_random_input("random.bin"));
  EXPECT_EQ(random_seed_of("random:77"), 77u);
  for (const char* bad : {"random:", "random:x", "random:1x", "random:-1"}) {
    EXPECT_THROW(random_seed_of(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace shoal
