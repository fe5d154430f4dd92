#include "host/data/task/ssd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "host/data/task/testing/outputs_case.h"

namespace shoal {
namespace {

// Makes `candidates` anchors of 0.2 x 0.2 along the diagonal, 0.1 apart.
DetectionOp diagonal(int candidates, int classes) {
  DetectionOp op;
  op.boxes = op.scores = {{{0}}};
  op.scores.parts[0].output = 1;
  op.candidates = candidates;
  op.classes = classes;
  op.most = 10;
  op.score = 0.1f;
  op.overlap = 0.5f;
  op.y_scale = op.x_scale = 10;
  op.h_scale = op.w_scale = 5;
  for (int i = 0; i < candidates; ++i) {
    const float at = 0.2f + 0.1f * static_cast<float>(i);
    op.anchors.insert(op.anchors.end(), {at, at, 0.2f, 0.2f});
  }
  return op;
}

TEST(Ssd, BoxesAreDecodedAroundAnchors) {
  DetectionOp op = diagonal(1, 1);
  op.anchors = {0.5f, 0.25f, 0.2f, 0.4f};  // y, x, height, width
  const float ln2 = std::log(2.f);
  const std::vector<float> boxes = {5, -2.5f, 5 * ln2, 0}, scores = {0.5f};
  const std::vector<Detection> found = post_process(op, boxes, scores, 0.5f);
  ASSERT_EQ(found.size(), 1u);
  // Centre 0.5 / 10 * 5 * 0.2 lower, 0.25 * 0.4 to the left; twice as high.
  EXPECT_NEAR(found[0].top, 0.6f - 0.2f, 1e-6f);
  EXPECT_NEAR(found[0].bottom, 0.6f + 0.2f, 1e-6f);
  EXPECT_NEAR(found[0].left, 0.15f - 0.2f, 1e-6f);
  EXPECT_NEAR(found[0].right, 0.15f + 0.2f, 1e-6f);
  EXPECT_EQ(found[0].score, 0.5f);
}

// Boxes 0.02 apart overlap by 0.18^2 / (0.08 - 0.18^2) = 0.68.
TEST(Ssd, ClassesSuppressEachOtherTogetherOnly) {
  DetectionOp op = diagonal(2, 2);
  op.anchors = {0.5f, 0.5f, 0.2f, 0.2f, 0.52f, 0.52f, 0.2f, 0.2f};
  const std::vector<float> boxes(8, 0);
  const std::vector<float> scores = {0.9f, 0.2f, 0.3f, 0.8f};
  EXPECT_EQ(post_process(op, boxes, scores, 0.5f).size(), 1u);
  EXPECT_EQ(post_process(op, boxes, scores, 0.7f).size(), 2u);
  op.regular = true;
  const std::vector<Detection> found = post_process(op, boxes, scores, 0.5f);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].index, 0);
  EXPECT_EQ(found[0].score, 0.9f);
  EXPECT_EQ(found[1].index, 1);
  EXPECT_EQ(found[1].score, 0.8f);
}

TEST(Ssd, SeveralClassesOfABoxAndNoBackground) {
  DetectionOp op = diagonal(2, 3);
  op.background = true;
  op.classes_per_box = 2;
  const std::vector<float> boxes(8, 0);
  const std::vector<float> scores = {0.99f, 0.1f, 0.3f,  0.2f,
                                     0,     0.4f, 0.05f, 0.4f};
  const std::vector<Detection> found = post_process(op, boxes, scores, 0.5f);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].index, 0);  // of equal ones the first
  EXPECT_EQ(found[1].index, 2);
  EXPECT_EQ(found[2].index, 1);
  EXPECT_EQ(found[2].score, 0.3f);
  EXPECT_EQ(found[3].index, 2);
  EXPECT_EQ(found[3].score, 0.2f);
  op.most = 1;
  EXPECT_EQ(post_process(op, boxes, scores, 0.5f).size(), 2u);
}

TEST(Ssd, TheLimitsOfTheRegularSuppression) {
  DetectionOp op = diagonal(6, 2);
  op.regular = true;
  op.most_of_class = 2;
  const std::vector<float> boxes(24, 0);
  const std::vector<float> scores = {0.9f, 0.1f, 0.1f, 0.8f, 0.7f, 0.1f,
                                     0.1f, 0.6f, 0.5f, 0.1f, 0.1f, 0.4f};
  EXPECT_EQ(post_process(op, boxes, scores, 0.5f).size(), 4u);
  op.most = 3;
  const std::vector<Detection> found = post_process(op, boxes, scores, 0.5f);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[2].score, 0.7f);
}

// The kernel's loops as they stand: an active flag for each, class by class
// into a list that is sorted and cut every time.
std::vector<Detection> plain_regular(const DetectionOp& op,
                                     const std::vector<Detection>& boxes,
                                     const std::vector<float>& scores) {
  std::vector<Detection> all;
  for (int c = 0; c < op.classes; ++c) {
    std::vector<Detection> of_class;
    for (size_t i = 0; i < boxes.size(); ++i) {
      Detection d = boxes[i];
      d.index = c;
      d.score =
          scores[i * static_cast<size_t>(op.classes) + static_cast<size_t>(c)];
      if (d.score >= op.score) of_class.push_back(d);
    }
    std::ranges::stable_sort(of_class, std::ranges::greater{},
                             &Detection::score);
    std::vector<bool> active(of_class.size(), true);
    int taken = 0;
    for (size_t i = 0; i < of_class.size() && taken < op.most_of_class; ++i) {
      if (!active[i]) continue;
      all.push_back(of_class[i]);
      ++taken;
      for (size_t j = i + 1; j < of_class.size(); ++j) {
        if (intersection_over_union(of_class[i], of_class[j]) > op.overlap) {
          active[j] = false;
        }
      }
    }
    std::ranges::stable_sort(all, std::ranges::greater{}, &Detection::score);
    if (all.size() > static_cast<size_t>(op.most)) {
      all.resize(static_cast<size_t>(op.most));
    }
  }
  return all;
}

TEST(Ssd, RandomBoxesAsThePlainLoopsHaveThem) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> code(-8, 8), part(0, 1);
  for (int round = 0; round < 50; ++round) {
    DetectionOp op = diagonal(40, 3);
    op.regular = true;
    op.most = 1 + round;
    op.most_of_class = 1 + round % 7;
    std::vector<float> boxes(160), scores(120);
    for (float& v : boxes) v = code(random);
    // Coarse, so that many are equal.
    for (float& v : scores) v = std::floor(part(random) * 16) / 16;
    DetectionOp every = op;
    every.regular = false, every.score = -1, every.most = 40;
    // Each box by itself: those of all candidates in their order.
    std::vector<Detection> decoded;
    for (size_t i = 0; i < 40; ++i) {
      DetectionOp one = diagonal(1, 1);
      one.score = -1;
      std::copy_n(op.anchors.begin() + static_cast<std::ptrdiff_t>(4 * i), 4,
                  one.anchors.begin());
      const std::vector<float> box(boxes.begin() + static_cast<int>(4 * i),
                                   boxes.begin() + static_cast<int>(4 * i + 4));
      decoded.push_back(post_process(one, box, std::vector<float>{1}, 1).at(0));
    }
    const auto found = post_process(op, boxes, scores, op.overlap);
    const auto meant = plain_regular(op, decoded, scores);
    ASSERT_EQ(found.size(), meant.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].index, meant[i].index);
      EXPECT_EQ(found[i].score, meant[i].score);
      EXPECT_EQ(found[i].left, meant[i].left);
    }
  }
}

// The same boxes without memory of their own, as boards find them.
TEST(Ssd, BoardsFindTheStrongestOfTheSameBoxes) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> code(-8, 8), part(0, 1);
  size_t all = 0;
  for (int round = 0; round < 200; ++round) {
    DetectionOp op = diagonal(40, 3);
    op.regular = round % 2 == 1;
    op.background = round % 3 == 1;
    op.values = 4 + round % 3;
    op.most = 1 + round % 30;
    op.most_of_class = 1 + round % 7;
    std::vector<float> boxes(static_cast<size_t>(40 * op.values)), scores(160);
    for (float& v : boxes) v = code(random);
    for (float& v : scores) v = std::floor(part(random) * 16) / 16;
    const std::vector<Detection> meant = post_process(op, boxes, scores, 0.3f);
    const SsdBoxes found_by(ssd_settings(op), {boxes.data(), 0, true},
                            {scores.data(), 0, true}, 0.3f);
    std::vector<DetectedBox> found(static_cast<size_t>(round % 20));
    found.resize(found_by.find(0.25f, 40, 80, found.data(),
                               static_cast<uint32_t>(found.size())));
    size_t count = 0;
    for (const Detection& d : meant) {
      if (!(d.score >= 0.25f) || count == static_cast<size_t>(round % 20)) {
        continue;
      }
      ASSERT_LT(count, found.size());
      EXPECT_EQ(found[count].index, d.index);
      EXPECT_EQ(found[count].score, d.score);
      EXPECT_EQ(found[count].left, d.left * 40);
      EXPECT_EQ(found[count].bottom, d.bottom * 80);
      ++count;
    }
    EXPECT_EQ(count, found.size());
    all += count;
  }
  EXPECT_GT(all, 500u);
}

TEST(Ssd, WhatIsNoNumberFindsNothing) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const bool regular : {false, true}) {
    DetectionOp op = diagonal(3, 2);
    op.regular = regular;
    op.classes_per_box = 2;
    std::vector<float> boxes(12, nan), scores(6, nan);
    EXPECT_TRUE(post_process(op, boxes, scores, 0.5f).empty());
    scores[1] = 0.5f;
    EXPECT_EQ(post_process(op, boxes, scores, 0.5f).size(), 1u);
    for (const float v : {std::numeric_limits<float>::infinity(), 1e30f}) {
      boxes.assign(12, v), scores.assign(6, v);
      EXPECT_FALSE(post_process(op, boxes, scores, 0.5f).empty());
    }
  }
}

TEST(Ssd, TheFileSaysWhatItsOutputsAre) {
  OutputsCase c({1, 40, 80, 3}, {{1, 2, 4}, {1, 2, 1}});
  c.values[1] = {0.9f, 0.3f};
  auto op = std::make_shared<DetectionOp>(diagonal(2, 1));
  op->overlap = 0.1f;
  const HeadFindings f = c.read({.detection = op});
  EXPECT_EQ(c.head, "ssd");
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_FLOAT_EQ(f.boxes[0].left, 8);
  EXPECT_FLOAT_EQ(f.boxes[0].right, 24);
  EXPECT_FLOAT_EQ(f.boxes[0].top, 4);
  EXPECT_FLOAT_EQ(f.boxes[0].bottom, 12);
  // The user's limits instead of the file's.
  EXPECT_EQ(c.read({.detection = op}, {.overlap = 0.9f}).boxes.size(), 2u);
  EXPECT_TRUE(c.read({.detection = op}, {.score = 0.95f}).boxes.empty());
}

// TensorFlow Lite's bytes: round(q * ratio + bias) + zero, cut to a byte.
TEST(Ssd, OperandsAreJoinedAsTheFileDoesIt) {
  OutputsCase c({1, 10, 10, 3}, {{1, 1, 4}, {1, 1, 4}, {1, 2, 1}});
  DetectionOp op = diagonal(2, 1);
  op.overlap = 1;
  op.boxes = {{{0, 0.1f, 133}, {1, 0.05f, 125}}, 0.07f, 120};
  op.scores = {{{2}}};
  // Bytes 140 and 255: 0.7 becomes 130, 12.2 becomes 255 (of 294).
  c.values[0] = {0.1f * 7, 0, 0, 0};
  c.values[1] = {0, 0.05f * 130, 0, 0};
  c.values[2] = {0.9f, 0.8f};
  const HeadFindings f =
      c.read({.detection = std::make_shared<DetectionOp>(op)});
  ASSERT_EQ(f.boxes.size(), 2u);
  // 10 steps of 0.07 in tenths of 0.2, in a picture of 10.
  const float y = (f.boxes[0].top + f.boxes[0].bottom) / 2;
  EXPECT_NEAR(y, (0.2f + 0.07f * 10 / 10 * 0.2f) * 10, 1e-5f);
  // 6.5 / 0.07 = 92.86: 93 steps.
  const float x = (f.boxes[1].left + f.boxes[1].right) / 2;
  EXPECT_NEAR(x, (0.3f + 0.07f * 93 / 10 * 0.2f) * 10, 1e-5f);
}

}  // namespace
}  // namespace shoal
