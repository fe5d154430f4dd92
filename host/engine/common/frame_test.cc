#include "host/engine/common/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

#include "host/base/error.h"

namespace shoal {
namespace {

struct Frame {
  Graph graph;
  NetIo io;
};

// A file tensor whose axes `perm` puts in the order of its rows.
Frame make_frame(const Shape& shape, const std::vector<int>& perm, Type type,
                 Conversion conversion, Box box) {
  Frame f;
  Tensor t;
  t.type = type == Type::kUint8 ? Type::kInt8 : type;
  t.file_type = type;
  t.shape = shape;
  f.graph.tensors.push_back(t);
  f.io.file_tensor = 0;
  f.io.place = {{0, box}, perm};
  f.io.conversion = conversion;
  return f;
}

// The element number in the file of position `at` of the placed axes.
int64_t file_index(const Shape& shape, const std::vector<int>& perm,
                   const std::vector<int>& at) {
  std::vector<int> file(shape.size());
  for (size_t i = 0; i < perm.size(); ++i) {
    file[static_cast<size_t>(perm[i])] = at[i];
  }
  int64_t index = 0;
  for (size_t i = 0; i < shape.size(); ++i) index = index * shape[i] + file[i];
  return index;
}

TEST(ElementOrder, EqualsCountingByHand) {
  const unsigned seed = 5;
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    Shape shape;
    for (size_t rank = 1 + random() % 5; rank > 0; --rank) {
      shape.push_back(static_cast<int>(1 + random() % 5));
    }
    std::vector<int> perm(shape.size());
    std::iota(perm.begin(), perm.end(), 0);
    std::shuffle(perm.begin(), perm.end(), random);
    std::vector<int64_t> wanted;
    std::vector<int> at(shape.size(), 0);
    for (int64_t i = element_count(shape); i > 0; --i) {
      wanted.push_back(file_index(shape, perm, at));
      for (size_t k = at.size(); k-- > 0;) {
        if (++at[k] < shape[static_cast<size_t>(perm[k])]) break;
        at[k] = 0;
      }
    }
    const ElementOrder order(shape, perm);
    const auto all = static_cast<int64_t>(wanted.size());
    const auto first = static_cast<int64_t>(random() % wanted.size());
    std::vector<int64_t> got;
    order.map(first, all - first, got);
    EXPECT_TRUE(std::equal(got.begin(), got.end(), wanted.begin() + first,
                           wanted.end()))
        << "seed " << seed << " round " << round;
  }
}

TEST(Frame, ChannelsFirstBecomeRowsOfPixels) {
  // 1 x C x H x W in the file, H rows of W pixels of C channels on the node.
  constexpr int kC = 3, kH = 4, kW = 5;
  const Frame f = make_frame({1, kC, kH, kW}, {0, 2, 3, 1}, Type::kInt8,
                             Conversion::kNone, {0, kH, 0, kW, 0, kC});
  std::vector<uint8_t> file(kC * kH * kW);
  std::iota(file.begin(), file.end(), uint8_t{0});
  FrameReader reader(f.graph, f.io, file);
  ASSERT_EQ(reader.rows(), kH);
  ASSERT_EQ(reader.row_bytes(), kW * kC);
  std::vector<uint8_t> back(file.size());
  FrameWriter writer(f.graph, f.io, back);
  for (int y = 0; y < kH; ++y) {
    int8_t row[kW * kC];
    reader.read(y, row);
    for (int x = 0; x < kW; ++x) {
      for (int c = 0; c < kC; ++c) {
        EXPECT_EQ(row[x * kC + c], (c * kH + y) * kW + x);
      }
    }
    writer.write(y, row);
  }
  EXPECT_EQ(back, file);
}

TEST(Frame, Uint8IsShiftedAndBack) {
  const Frame f = make_frame({1, 2, 2, 1}, {}, Type::kUint8, Conversion::kFlip,
                             {0, 2, 0, 2, 0, 1});
  const std::vector<uint8_t> file{0, 127, 128, 255};
  const std::vector<int8_t> wanted{-128, -1, 0, 127};
  std::vector<uint8_t> back(4);
  FrameReader reader(f.graph, f.io, file);
  FrameWriter writer(f.graph, f.io, back);
  for (int y = 0; y < 2; ++y) {
    int8_t row[2];
    reader.read(y, row);
    EXPECT_EQ(row[0], wanted[static_cast<size_t>(y) * 2]);
    EXPECT_EQ(row[1], wanted[static_cast<size_t>(y) * 2 + 1]);
    writer.write(y, row);
  }
  EXPECT_EQ(back, file);
}

Frame float_frame(int elements) {
  Frame f = make_frame({1, elements}, {}, Type::kFloat32, Conversion::kQuantize,
                       {0, 1, 0, 1, 0, elements});
  f.io.scale = 0.5f;
  f.io.zero = 3;
  return f;
}

TEST(Frame, RealsAreRoundedHalfAwayAndClamped) {
  const float reals[] = {0, 0.25f, -0.25f, 0.7f, 1e9f, -1e9f};
  const int8_t wanted[] = {3, 4, 2, 4, 127, -128};
  const Frame f = float_frame(6);
  std::vector<uint8_t> file(sizeof reals);
  std::memcpy(file.data(), reals, sizeof reals);
  int8_t row[6];
  FrameReader(f.graph, f.io, file).read(0, row);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(row[i], wanted[i]) << i;
}

TEST(Frame, OutputsBecomeReals) {
  const Frame f = float_frame(3);
  const int8_t row[] = {3, -128, 127};
  std::vector<uint8_t> file(12);
  FrameWriter(f.graph, f.io, file).write(0, row);
  float reals[3];
  std::memcpy(reals, file.data(), sizeof reals);
  EXPECT_EQ(reals[0], 0.f);
  EXPECT_EQ(reals[1], -65.5f);
  EXPECT_EQ(reals[2], 62.f);
}

TEST(Frame, OfTheWrongSizeIsRefused) {
  const Frame f = float_frame(3);
  std::vector<uint8_t> wrong(11);
  EXPECT_THROW(FrameReader(f.graph, f.io, wrong), Error);
  EXPECT_THROW(FrameWriter(f.graph, f.io, wrong), Error);
}

}  // namespace
}  // namespace shoal
