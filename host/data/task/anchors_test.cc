// Heads whose anchors are not in the file.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "host/base/error.h"
#include "host/data/task/testing/outputs_case.h"

namespace shoal {
namespace {

// Cell (x 3, y 2) of the grid of 8 pixels, second anchor: row (2 * 16 + 3) * 2
// + 1, centre (28, 20).
TEST(BlazeFace, BoxesAndPointsAroundTheAnchors) {
  for (const bool split : {false, true}) {
    OutputsCase c({1, 128, 128, 3},
                  split ? std::vector<Shape>{{1, 384, 16},
                                             {1, 512, 16},
                                             {1, 512, 1},
                                             {1, 384, 1}}
                        : std::vector<Shape>{{1, 896, 1}, {1, 896, 16}});
    std::vector<float>& fine_boxes = c.values[1];
    std::vector<float>& fine_scores = c.values[split ? 2 : 0];
    for (std::vector<float>& v : c.values) {
      const bool scores = v.size() % 16 != 0 || v.size() < 1024;
      if (scores) v.assign(v.size(), -20);
    }
    const float row[] = {2, -4, 20, 40, 1, 1, 3, 1};
    std::memcpy(&fine_boxes[71 * 16], row, sizeof row);
    fine_scores[71] = 3;
    // The first cell of the grid of 16 pixels, its last anchor: centre (8, 8).
    std::vector<float>& coarse_boxes = c.values[split ? 0 : 1];
    const size_t at = split ? 5 : 517;
    coarse_boxes[at * 16 + 2] = coarse_boxes[at * 16 + 3] = 16;
    c.values[split ? 3 : 0][at] = 2;
    const HeadFindings f = c.read();
    EXPECT_EQ(c.head, "blazeface");
    ASSERT_EQ(f.boxes.size(), 2u) << split;
    EXPECT_FLOAT_EQ(f.boxes[0].left, 30 - 10);
    EXPECT_FLOAT_EQ(f.boxes[0].bottom, 16 + 20);
    EXPECT_NEAR(f.boxes[0].score, 0.9525741f, 1e-6f);
    ASSERT_EQ(f.boxes[0].points.size(), 6u);
    EXPECT_FLOAT_EQ(f.boxes[0].points[1].x, 31);
    EXPECT_FLOAT_EQ(f.boxes[0].points[1].y, 21);
    EXPECT_FLOAT_EQ(f.boxes[1].left, 0);
    EXPECT_FLOAT_EQ(f.boxes[1].right, 16);
  }
}

TEST(BlazeFace, TheOtherDetectorsOfMediaPipe) {
  const auto head = [](int side, std::vector<Shape> outputs) {
    OutputsCase c({1, side, side, 3}, std::move(outputs));
    c.read();
    return c.head;
  };
  EXPECT_EQ(head(256, {{1, 896, 16}, {1, 896, 1}}), "blazeface");
  EXPECT_EQ(head(192, {{1, 2304, 16}, {1, 2304, 1}}), "blazeface");
  EXPECT_EQ(head(192, {{1, 2016, 18}, {1, 2016, 1}}), "blazeface");
  EXPECT_EQ(head(256, {{1, 2944, 18}, {1, 2944}}), "blazeface");
  EXPECT_EQ(head(224, {{1, 2254, 12}, {1, 2254, 1}}), "blazeface");
  EXPECT_NE(head(128, {{1, 895, 16}, {1, 895, 1}}), "blazeface");
}

// 96 x 64 pixels: maps of 6 x 4 and 3 x 2 cells, two classes.
constexpr int kValues = 7;

void put(OutputsCase& c, size_t output, size_t first, size_t step) {
  const float values[] = {0, 0, 0.6931472f, 0, 10, -10, 10};
  for (size_t i = 0; i < kValues; ++i) {
    c.values[output][first + i * step] = values[i];
  }
}

void silence(OutputsCase& c) {
  for (std::vector<float>& v : c.values) v.assign(v.size(), -20);
}

TEST(YoloMaps, CellsTimesAnchorsInEveryOrderOfAxes) {
  // Cell x 2, y 1 of the finer map, its second anchor: 23 x 27 pixels.
  constexpr size_t cell = 1 * 6 + 2;
  struct Form {
    std::vector<Shape> outputs;
    size_t first, step;
  };
  for (const Form& form :
       {Form{{{1, 4, 6, 21}, {1, 2, 3, 21}}, cell * 21 + 7, 1},
        Form{{{1, 21, 4, 6}, {1, 21, 2, 3}}, 7 * 24 + cell, 24},
        Form{{{1, 4, 6, 3, 7}, {1, 2, 3, 3, 7}}, cell * 21 + 7, 1},
        Form{{{1, 3, 4, 6, 7}, {1, 3, 2, 3, 7}}, (24 + cell) * 7, 1}}) {
    OutputsCase c({1, 64, 96, 3}, form.outputs);
    silence(c);
    put(c, 0, form.first, form.step);
    const HeadFindings f = c.read();
    EXPECT_EQ(c.head, "yolov3");
    ASSERT_EQ(f.boxes.size(), 1u);
    EXPECT_EQ(f.boxes[0].index, 1);
    EXPECT_FLOAT_EQ((f.boxes[0].left + f.boxes[0].right) / 2, 2.5f * 16);
    EXPECT_FLOAT_EQ((f.boxes[0].top + f.boxes[0].bottom) / 2, 1.5f * 16);
    EXPECT_NEAR(f.boxes[0].right - f.boxes[0].left, 46, 1e-4f);
    EXPECT_NEAR(f.boxes[0].bottom - f.boxes[0].top, 27, 1e-4f);
  }
}

TEST(YoloMaps, TheCoarserMapMayComeFirst) {
  OutputsCase c({1, 64, 96, 3}, {{1, 2, 3, 21}, {1, 4, 6, 21}});
  silence(c);
  put(c, 0, 14, 1);  // cell 0, third anchor of the coarser map
  const HeadFindings f =
      c.read({.anchors = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 8, 8}});
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_NEAR(f.boxes[0].right - f.boxes[0].left, 16, 1e-4f);
  EXPECT_FLOAT_EQ((f.boxes[0].left + f.boxes[0].right) / 2, 16);
}

TEST(YoloMaps, ThreeMapsAreTakenForNewerOnes) {
  OutputsCase c({1, 64, 64, 3}, {{1, 8, 8, 18}, {1, 4, 4, 18}, {1, 2, 2, 18}});
  silence(c);
  for (size_t i = 0; i < 6; ++i) c.values[0][i] = i < 4 ? 20.f : 10.f;
  HeadFindings f = c.read();
  EXPECT_EQ(c.head, "yolov5maps");
  ASSERT_EQ(f.boxes.size(), 1u);
  // Centre 2 - 0.5 cells, sizes (2 * 1)^2 anchors of 10 x 13.
  EXPECT_FLOAT_EQ((f.boxes[0].left + f.boxes[0].right) / 2, 12);
  EXPECT_FLOAT_EQ(f.boxes[0].right - f.boxes[0].left, 40);
  EXPECT_FLOAT_EQ(f.boxes[0].bottom - f.boxes[0].top, 52);
  c.values[0][2] = c.values[0][3] = 0;
  f = c.read({.head = "yolov3"});
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_FLOAT_EQ(f.boxes[0].right - f.boxes[0].left, 10);
}

// One map, whose classes exclude each other.
TEST(YoloMaps, OneMapWithItsAnchors) {
  OutputsCase c({1, 64, 96, 3}, {{1, 4, 6, 14}});
  silence(c);
  put(c, 0, (1 * 6 + 2) * 14 + 7, 1);  // classes -10 and 10
  const HeadFindings f = c.read({.anchors = {4, 5, 20, 30}});
  EXPECT_EQ(c.head, "yolov2");
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_NEAR(f.boxes[0].right - f.boxes[0].left, 40, 1e-4f);
  EXPECT_NEAR(f.boxes[0].bottom - f.boxes[0].top, 30, 1e-4f);
  const float both = 9.9995e-1f;  // sigmoid(10), and all but exp(-20)
  EXPECT_NEAR(f.boxes[0].score, both, 1e-5f);
  c.read();
  EXPECT_NE(c.head, "yolov2");
}

TEST(YoloMaps, AnchorsAreSaidIfAssumed) {
  const OutputsCase c({1, 64, 96, 3}, {{1, 2, 3, 21}, {1, 4, 6, 21}});
  EXPECT_EQ(choose_head(c.graph, {}).assumed,
            "10,14,23,27,37,58,81,82,135,169,344,319");
  const std::vector<float> six = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  EXPECT_EQ(choose_head(c.graph, {.anchors = six}).assumed, "");
  const auto refusal = [](const OutputsCase& of, const HeadWish& wish) {
    try {
      choose_head(of.graph, wish);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(refusal(c, {.anchors = {1, 2, 3}}).find("3 numbers"),
            std::string::npos);
  EXPECT_NE(refusal(c, {.anchors = {1, -2}}).find("-2"), std::string::npos);
  const OutputsCase classes({1, 64, 96, 3}, {{1, 10}});
  EXPECT_NE(refusal(classes, {.anchors = six}).find("head classes has no"),
            std::string::npos);
}

TEST(AnchorHeads, WhatIsNoNumberFindsNothing) {
  for (const float v : {std::numeric_limits<float>::quiet_NaN(),
                        std::numeric_limits<float>::infinity(),
                        -std::numeric_limits<float>::infinity(), 1e30f}) {
    for (OutputsCase c :
         {OutputsCase({1, 128, 128, 3}, {{1, 896, 16}, {1, 896, 1}}),
          OutputsCase({1, 64, 96, 3}, {{1, 4, 6, 21}, {1, 2, 3, 21}})}) {
      for (std::vector<float>& all : c.values) all.assign(all.size(), v);
      const HeadFindings f = c.read();
      EXPECT_TRUE(v == v || f.boxes.empty()) << c.head;
    }
  }
}

}  // namespace
}  // namespace shoal
