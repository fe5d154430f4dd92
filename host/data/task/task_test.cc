#include "host/data/task/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "host/base/error.h"
#include "host/data/task/testing/outputs_case.h"

namespace shoal {
namespace {

using Case = OutputsCase;

// 64 x 64 pixels: 64 + 16 + 4 cells.
constexpr int kCells = 84;

TEST(Heads, YoloV5ReadsRowsInPartsOfThePicture) {
  Case c({1, 64, 64, 3}, {{1, 3 * kCells, 7}});
  const float row[] = {0.5f, 0.25f, 0.5f, 0.25f, 0.8f, 0.1f, 0.9f};
  std::memcpy(&c.values[0][100 * 7], row, sizeof row);
  std::memcpy(&c.values[0][101 * 7], row, sizeof row);  // the same thing
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "yolov5");
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_FLOAT_EQ(f.boxes[0].left, 16);
  EXPECT_FLOAT_EQ(f.boxes[0].right, 48);
  EXPECT_FLOAT_EQ(f.boxes[0].top, 8);
  EXPECT_FLOAT_EQ(f.boxes[0].bottom, 24);
  EXPECT_EQ(f.boxes[0].index, 1);
  EXPECT_FLOAT_EQ(f.boxes[0].score, 0.72f);
}

TEST(Heads, YoloV8ReadsColumnsInPixels) {
  Case c({1, 3, 64, 64}, {{1, 6, kCells}});
  const float column[] = {32, 16, 32, 16, 0.1f, 0.6f};
  for (size_t i = 0; i < 6; ++i) c.values[0][i * kCells + 7] = column[i];
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "yolov8");
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_FLOAT_EQ(f.boxes[0].left, 16);
  EXPECT_FLOAT_EQ(f.boxes[0].bottom, 24);
  EXPECT_EQ(f.boxes[0].index, 1);
}

TEST(Heads, YoloxIsDecodedCellByCell) {
  Case c({1, 3, 64, 64}, {{1, kCells, 7}});
  // Cell (1, 2) of the grid of 16 pixels, which begins at row 64.
  float row[] = {0.5f, 0.25f, 0, 0, 1, 0.2f, 0.7f};
  std::memcpy(&c.values[0][(64 + 2 * 4 + 1) * 7], row, sizeof row);
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "yolox");
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_FLOAT_EQ(f.boxes[0].left, 1.5f * 16 - 8);
  EXPECT_FLOAT_EQ(f.boxes[0].top, 2.25f * 16 - 8);
  EXPECT_EQ(f.boxes[0].index, 1);
}

// As `shoal quantize` ends a model whose columns have unlike ranges.
TEST(Heads, AYoloTableMayLieInSeveralOutputs) {
  Case columns({1, 3, 64, 64}, {{1, 4, kCells}, {1, 2, kCells}});
  const float column[] = {32, 16, 32, 16, 0.1f, 0.6f};
  for (size_t i = 0; i < 4; ++i) columns.values[0][i * kCells + 7] = column[i];
  for (size_t i = 0; i < 2; ++i) {
    columns.values[1][i * kCells + 7] = column[4 + i];
  }
  const HeadFindings f = columns.read();
  EXPECT_EQ(columns.head, "yolov8");
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_FLOAT_EQ(f.boxes[0].left, 16);
  EXPECT_FLOAT_EQ(f.boxes[0].score, 0.6f);
  EXPECT_EQ(f.boxes[0].index, 1);

  Case rows({1, 64, 64, 3}, {{1, 3 * kCells, 4}, {1, 3 * kCells, 3}});
  const float row[] = {0.5f, 0.25f, 0.5f, 0.25f, 0.8f, 0.1f, 0.9f};
  std::memcpy(&rows.values[0][100 * 4], row, 4 * sizeof(float));
  std::memcpy(&rows.values[1][100 * 3], row + 4, 3 * sizeof(float));
  const HeadFindings g = rows.read();
  EXPECT_EQ(rows.head, "yolov5");
  ASSERT_EQ(g.boxes.size(), 1u);
  EXPECT_FLOAT_EQ(g.boxes[0].top, 8);
  EXPECT_FLOAT_EQ(g.boxes[0].score, 0.72f);
}

TEST(Heads, CellsThatTouchAreOneThing) {
  Case c({1, 32, 32, 1}, {{1, 4, 4, 3}});
  const auto set = [&](int y, int x, int k, float v) {
    c.values[0][static_cast<size_t>((y * 4 + x) * 3 + k)] = v;
  };
  set(0, 0, 1, 0.5f);
  set(1, 1, 1, 0.9f);  // touches at a corner
  set(3, 3, 1, 0.6f);
  set(1, 0, 2, 0.7f);  // of another class
  set(0, 3, 0, 1);     // background
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "cells");
  ASSERT_EQ(f.boxes.size(), 3u);
  EXPECT_EQ(f.boxes[0].score, 0.9f);
  EXPECT_EQ(f.boxes[0].right, 16);
  EXPECT_EQ(f.boxes[0].bottom, 16);
  EXPECT_EQ(f.boxes[1].index, 2);
  EXPECT_EQ(f.boxes[2].left, 24);
}

TEST(Heads, AMaskHasTheStrongestClassOfEveryPlace) {
  Case c({1, 8, 8, 3}, {{1, 4, 4, 2}});
  c.values[0][5 * 2 + 1] = 1;
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "mask");
  EXPECT_EQ(f.mask_width, 4);
  EXPECT_EQ(f.mask[5], 1);
  EXPECT_EQ(std::count(f.mask.begin(), f.mask.end(), 0), 15);
  // Channels first, of a picture that is wider than high.
  Case planes({1, 3, 4, 16}, {{1, 2, 4, 16}});
  planes.values[0][64 + 3] = 1;
  EXPECT_EQ(planes.read().mask[3], 1);
  // One probability.
  Case one({1, 8, 8, 3}, {{1, 4, 4, 1}});
  one.values[0] = std::vector<float>(16, 0.25f);
  one.values[0][2] = 0.75f;
  EXPECT_EQ(one.read().mask[2], 1);
  EXPECT_EQ(one.read().mask[3], 0);
}

TEST(Heads, PointsInParts) {
  Case c({1, 192, 96, 3}, {{1, 1, 5, 3}});
  const float point[] = {0.5f, 0.25f, 0.9f};
  std::memcpy(&c.values[0][3], point, sizeof point);
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "movenet");
  ASSERT_EQ(f.points.size(), 5u);
  EXPECT_EQ(f.points[1].x, 24);
  EXPECT_EQ(f.points[1].y, 96);
  EXPECT_EQ(f.points[1].score, 0.9f);
}

TEST(Heads, LandmarksAreTheLongestOutput) {
  Case c({1, 64, 64, 3}, {{1, 1}, {1, 12}, {1, 1}});
  c.values[1] = {0, 0, 0, 30, 40, 1, 0, 0, 0, 0, 0, 0};
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "landmarks");
  ASSERT_EQ(f.points.size(), 4u);
  EXPECT_EQ(f.points[1].x, 30);
  EXPECT_EQ(f.points[1].y, 40);
}

// The list's length, its shape or the user tells how many numbers a point has.
TEST(Heads, LandmarksHaveTwoNumbersOrThree) {
  const auto points = [](const Shape& output, const HeadWish& wish) {
    Case c({1, 64, 64, 3}, {output});
    for (size_t i = 0; i < c.values[0].size(); ++i) {
      c.values[0][i] = static_cast<float>(i);
    }
    return c.read(wish).points;
  };
  const struct {
    Shape output;
    HeadWish wish;
    size_t count;
    float second_x;
  } cases[] = {{{1, 63}, {}, 21, 3},
               {{1, 136}, {}, 68, 2},
               {{1, 42}, {.task = "points"}, 21, 2},
               {{1, 42}, {.head = "landmarks3d"}, 14, 3},
               {{1, 66}, {.head = "landmarks"}, 33, 2},
               {{1, 936}, {.task = "points"}, 468, 2},
               {{1, 24}, {.task = "points"}, 8, 3},
               {{1, 24}, {.head = "landmarks2d"}, 12, 2},
               {{1, 21, 2}, {}, 21, 2},
               {{1, 20, 2}, {.task = "points"}, 20, 2},
               {{1, 21, 2}, {.head = "landmarks2d"}, 21, 2},
               {{1, 21, 3}, {.head = "landmarks"}, 21, 3},
               {{1, 1, 21, 3}, {.head = "landmarks3d"}, 21, 3}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.wish.head + c.wish.task + std::to_string(c.output.back()));
    const std::vector<KeyPoint> found = points(c.output, c.wish);
    ASSERT_EQ(found.size(), c.count);
    EXPECT_EQ(found[1].x, c.second_x);
    EXPECT_EQ(found[1].y, c.second_x + 1);
  }
  EXPECT_THROW(points({1, 21, 2}, {.head = "landmarks3d"}), Error);
  EXPECT_THROW(points({1, 25}, {.head = "landmarks2d"}), Error);
  EXPECT_THROW(points({1, 21, 4}, {.head = "landmarks"}), Error);
}

TEST(Heads, PeaksOfHeatmaps) {
  Case c({1, 64, 64, 3}, {{1, 8, 8, 17}});
  c.values[0][(2 * 8 + 5) * 17 + 16] = 1;
  const HeadFindings f = c.read({.task = "points"});
  EXPECT_EQ(c.head, "heatmaps");
  EXPECT_EQ(f.points[16].x, 5.5f * 8);
  EXPECT_EQ(f.points[16].y, 2.5f * 8);
}

TEST(Heads, LimitsAreNumbers) {
  Case c({1, 16, 24, 3}, {{8, 12}});
  const HeadUse use = choose_head(c.graph, {});
  const std::vector<RealOutput> v = {{"y", {8, 12}, std::vector<float>(96)}};
  EXPECT_EQ(read_head(use, v, {.score = 1.1f}).mask.size(), 96u);
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(read_head(use, v, {.score = kNaN}), Error);
  EXPECT_THROW(read_head(use, v, {.overlap = kNaN}), Error);
}

TEST(Heads, AMaskWithoutBatchAndChannels) {
  Case c({1, 16, 24, 3}, {{8, 12}});
  c.values[0][12 + 5] = 7;
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "mask");
  EXPECT_EQ(f.mask_width, 12);
  ASSERT_EQ(f.mask.size(), 96u);
  EXPECT_EQ(f.mask[12 + 5], 7);
  Case list({1, 16, 24, 3}, {{12, 8}});
  list.read();
  EXPECT_EQ(list.head, "raw");
}

TEST(Heads, PosesOfHeatmapsAndOffsets) {
  Case c({1, 257, 129, 3}, {{1, 9, 5, 32}, {1, 9, 5, 17}, {1, 9, 5, 34}});
  const size_t peak = 2 * 5 + 3;
  c.values[1][peak * 17 + 16] = 1;
  c.values[2][peak * 34 + 16] = -4;
  c.values[2][peak * 34 + 33] = 7.5f;
  const HeadFindings f = c.read();
  EXPECT_EQ(c.head, "posenet");
  ASSERT_EQ(f.points.size(), 17u);
  EXPECT_EQ(f.points[16].x, 3 * 32 + 7.5f);
  EXPECT_EQ(f.points[16].y, 2 * 32 - 4.f);
  EXPECT_NEAR(f.points[16].score, 0.7311f, 1e-4);
}

TEST(Heads, KnownCountsOfPointsAreGuessed) {
  Case body({1, 192, 192, 3}, {{1, 48, 48, 17}});
  body.read();
  EXPECT_EQ(body.head, "heatmaps");
  Case face({1, 112, 112, 3}, {{1, 136}});
  face.read();
  EXPECT_EQ(face.head, "landmarks");
  Case hand({1, 224, 224, 3}, {{1, 63}, {1, 1}, {1, 1}, {1, 63}});
  hand.read();
  EXPECT_EQ(hand.head, "landmarks");
  Case classes({1, 112, 112, 3}, {{1, 137}});
  classes.read();
  EXPECT_EQ(classes.head, "classes");
  Case mask({1, 192, 192, 3}, {{1, 48, 48, 16}});
  mask.read();
  EXPECT_EQ(mask.head, "mask");
}

TEST(Heads, QuantizedOutputsBecomeReal) {
  Case c({1, 8, 8, 3}, {{1, 3}});
  Tensor& t = c.graph.tensors[1];
  t.type = Type::kInt8;
  t.file_type = Type::kUint8;
  t.quant = {{0.5f}, {-128}, 0};
  const std::vector<RealOutput> v =
      real_outputs(c.graph, std::vector<uint8_t>{0, 2, 255});
  EXPECT_EQ(v[0].v, (std::vector<float>{0, 1, 127.5f}));
}

std::string refusal(const Graph& graph, const HeadWish& wish) {
  try {
    choose_head(graph, wish);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what();
  }
  return "accepted";
}

TEST(Heads, WhatDoesNotFitIsExplained) {
  const Case c({1, 8, 8, 3}, {{1, 10}});
  EXPECT_EQ(refusal(c.graph, {.task = "detect"}),
            "--task detect: the model's outputs are 1x10");
  EXPECT_EQ(refusal(c.graph, {.head = "yolo"}), "--head: 'yolo' is unknown");
  EXPECT_EQ(refusal(c.graph, {.task = "guess"}), "--task: 'guess' is unknown");
  EXPECT_EQ(refusal(c.graph, {.head = "mask"}),
            "--head mask: the model's outputs are 1x10");
  const Case sound({1, 640}, {{1, 10}});
  EXPECT_EQ(
      refusal(sound.graph, {.head = "mask"}),
      "--head mask: the model's outputs are 1x10, its input is not a picture");
  EXPECT_EQ(refusal(sound.graph, {.task = "raw"}), "accepted");
}

// Whatever the values are.
TEST(Heads, WhatIsNoNumberFindsNothing) {
  for (const auto& [outputs, task] :
       {std::pair{Shape{1, 3 * kCells, 7}, "detect"},
        std::pair{Shape{1, 6, kCells}, "detect"},
        std::pair{Shape{1, kCells, 7}, "detect"},
        std::pair{Shape{1, 8, 8, 3}, "detect"},
        std::pair{Shape{1, 8, 8, 3}, "segment"},
        std::pair{Shape{1, 8, 8, 1}, "segment"},
        std::pair{Shape{1, 8, 8, 3}, "points"},
        std::pair{Shape{1, 5, 3}, "points"}}) {
    for (const float v : {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(), 1e30f}) {
      Case c({1, 64, 64, 3}, {outputs});
      c.values[0].assign(c.values[0].size(), v);
      const HeadFindings f = c.read({.task = task});
      EXPECT_TRUE(v == v || f.boxes.empty()) << c.head;
    }
  }
}

}  // namespace
}  // namespace shoal
