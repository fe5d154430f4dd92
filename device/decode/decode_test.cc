#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "device/decode/boxes.h"
#include "device/decode/cells.h"
#include "device/decode/yolo.h"

namespace shoal {
namespace {

bool same(const DetectedBox& a, const DetectedBox& b) {
  return a.left == b.left && a.top == b.top && a.right == b.right &&
         a.bottom == b.bottom && a.index == b.index && a.score == b.score;
}

// Non-maximum suppression as everyone writes it: sort, then keep what overlaps
// nothing that is kept.
std::vector<DetectedBox> sorted_strongest(std::vector<DetectedBox> boxes,
                                          float overlap, size_t most) {
  std::ranges::stable_sort(boxes, std::ranges::greater{}, &DetectedBox::score);
  std::vector<DetectedBox> kept;
  for (const DetectedBox& b : boxes) {
    const bool known = std::ranges::any_of(kept, [&](const DetectedBox& k) {
      return k.index == b.index && intersection_over_union(k, b) > overlap;
    });
    if (!known && kept.size() < most) kept.push_back(b);
  }
  return kept;
}

TEST(Boxes, TheStrongestAreThoseOfASortedList) {
  std::mt19937 random(1);
  size_t suppressed = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<DetectedBox> boxes(random() % 40);
    for (DetectedBox& b : boxes) {
      b.left = static_cast<float>(random() % 20);
      b.top = static_cast<float>(random() % 20);
      b.right = b.left + static_cast<float>(random() % 9);  // some are empty
      b.bottom = b.top + static_cast<float>(random() % 9);
      b.index = static_cast<int>(random() % 2);
      b.score = static_cast<float>(random() % 8) / 8;  // many are equal
    }
    for (const float overlap : {0.f, 0.3f, 1.f}) {
      for (const size_t most : {0u, 3u, 40u}) {
        const std::vector<DetectedBox> expected =
            sorted_strongest(boxes, overlap, most);
        std::vector<DetectedBox> found(most);
        found.resize(strongest(
            BoxArray(boxes.data(), static_cast<uint32_t>(boxes.size())),
            overlap, found.data(), static_cast<uint32_t>(most)));
        ASSERT_EQ(found.size(), expected.size());
        for (size_t i = 0; i < found.size(); ++i) {
          ASSERT_TRUE(same(found[i], expected[i])) << "box " << i;
        }
        suppressed += boxes.size() - found.size();
      }
    }
  }
  EXPECT_GT(suppressed, 1000u);
}

// A table of a YOLOv8 network of two classes for pictures of 32 x 32: 21 cells.
constexpr int kSize = 32;
constexpr uint32_t kRows = 21, kBoxColumns = 4, kClasses = 2;

struct Table {
  std::vector<int8_t> boxes, scores;
  explicit Table(uint32_t seed) : boxes(4 * kRows), scores(2 * kRows) {
    std::mt19937 random(seed);
    for (int8_t& v : boxes) v = static_cast<int8_t>(random() % 128);
    for (int8_t& v : scores) v = static_cast<int8_t>(random() % 256 - 128);
  }
};

std::vector<DetectedBox> found_in(const std::vector<TablePart>& parts,
                                  float score) {
  const RowTable table{parts.data(), static_cast<uint32_t>(parts.size()),
                       kRows};
  const YoloBoxes candidates(table, false, kSize, kSize, score);
  std::vector<DetectedBox> all;
  DetectedBox box;
  for (uint32_t i = 0; i < candidates.count(); ++i) {
    if (candidates.get(i, box)) all.push_back(box);
  }
  return all;
}

TEST(Yolo, PartsOfUnlikeScalesAreTheTableOfTheirValues) {
  ASSERT_EQ(yolo_cells(kSize, kSize), kRows);
  for (uint32_t seed = 0; seed < 20; ++seed) {
    const Table t(seed);
    const Values boxes{t.boxes.data(), 4 * kRows, false, 0.25f, 0};
    const Values scores{t.scores.data(), 2 * kRows, false, 1 / 256.f, -128};
    std::vector<float> rows, turned(6 * kRows);
    for (uint32_t r = 0; r < kRows; ++r) {
      for (uint32_t c = 0; c < kBoxColumns + kClasses; ++c) {
        const float v = c < kBoxColumns
                            ? boxes[r * kBoxColumns + c]
                            : scores[r * kClasses + c - kBoxColumns];
        rows.push_back(v);
        turned[c * kRows + r] = v;
      }
    }
    const auto in_parts =
        found_in({{boxes, kBoxColumns}, {scores, kClasses}}, 0.6f);
    const auto in_rows = found_in({{{rows.data(), 6 * kRows, true}, 6}}, 0.6f);
    const auto in_columns =
        found_in({{{turned.data(), 6 * kRows, true}, 6, true}}, 0.6f);
    EXPECT_GT(in_parts.size(), 3u);
    EXPECT_TRUE(std::ranges::equal(in_parts, in_rows, same));
    EXPECT_TRUE(std::ranges::equal(in_parts, in_columns, same));
  }
}

TEST(Yolo, PartsOfThePictureBecomePixels) {
  std::vector<float> rows(6 * kRows);
  const float row[] = {0.5f, 0.25f, 0.25f, 0.125f, 0.1f, 0.9f};
  std::ranges::copy(row, rows.begin() + 6 * 7);
  const auto found = found_in({{{rows.data(), 6 * kRows, true}, 6}}, 0.5f);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(same(found[0], {12, 6, 20, 10, 1, 0.9f}));
}

// Cells that touch, by giving each the least number of its neighbours until
// nothing changes.
std::vector<DetectedBox> things_by_numbers(const std::vector<float>& v,
                                           int rows, int columns, int classes,
                                           float least) {
  std::vector<DetectedBox> all;
  for (int c = 1; c < classes; ++c) {
    std::vector<int> number(static_cast<size_t>(rows * columns), -1);
    const auto score = [&](int at) {
      return v[static_cast<size_t>(at * classes + c)];
    };
    for (int at = 0; at < rows * columns; ++at) {
      if (score(at) >= least) number[static_cast<size_t>(at)] = at;
    }
    for (bool any = true; any;) {
      any = false;
      for (int a = 0; a < rows * columns; ++a) {
        for (int b = 0; b < rows * columns; ++b) {
          int &to = number[static_cast<size_t>(a)],
              from = number[static_cast<size_t>(b)];
          if (to < 0 || from < 0 || from >= to) continue;
          if (std::abs(a % columns - b % columns) > 1 ||
              std::abs(a / columns - b / columns) > 1) {
            continue;
          }
          to = from;
          any = true;
        }
      }
    }
    for (int first = 0; first < rows * columns; ++first) {
      DetectedBox box{1e9f, 1e9f, 0, 0, c, 0};
      for (int at = 0; at < rows * columns; ++at) {
        if (number[static_cast<size_t>(at)] != first) continue;
        box.left = std::min(box.left, static_cast<float>(8 * (at % columns)));
        box.top = std::min(box.top, static_cast<float>(8 * (at / columns)));
        box.right =
            std::max(box.right, static_cast<float>(8 * (at % columns) + 8));
        box.bottom =
            std::max(box.bottom, static_cast<float>(8 * (at / columns) + 8));
        box.score = std::max(box.score, score(at));
      }
      if (number[static_cast<size_t>(first)] == first) all.push_back(box);
    }
  }
  return all;
}

TEST(Cells, ThingsAreCellsThatTouch) {
  std::mt19937 random(3);
  size_t things = 0;
  for (int round = 0; round < 60; ++round) {
    const int rows = 1 + static_cast<int>(random() % 7);
    const int columns = 1 + static_cast<int>(random() % 9), classes = 3;
    std::vector<float> v(static_cast<size_t>(rows * columns * classes));
    for (float& value : v) value = static_cast<float>(random() % 100) / 100;
    std::vector<uint8_t> scratch(static_cast<size_t>(rows * columns));
    CellThings cells({v.data(), static_cast<uint32_t>(v.size()), true}, rows,
                     columns, classes, 8 * columns, 8 * rows, 0.65f,
                     scratch.data());
    std::vector<DetectedBox> found;
    for (DetectedBox box; cells.next(box);) found.push_back(box);
    EXPECT_TRUE(std::ranges::equal(
        found, things_by_numbers(v, rows, columns, classes, 0.65f), same));
    things += found.size();
  }
  EXPECT_GT(things, 100u);
}

}  // namespace
}  // namespace shoal
