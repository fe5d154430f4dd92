#include "host/data/evaluate/precision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace shoal {
namespace {

// 10 x 10 pixels, moved to the right.
TruthBox right_at(double x, bool crowd = false) {
  return {x, 0, x + 10, 10, 0, crowd};
}
Detection said_at(float x, float score) { return {x, 0, x + 10, 10, 0, score}; }

TEST(AveragePrecision, WorkedOutByHand) {
  // The strongest is right, the next is wrong, the third is right: precision
  // 1 up to a recall of 1/2, then 2/3.
  FrameBoxes f{{right_at(0), right_at(100)},
               {said_at(0, 0.9f), said_at(50, 0.8f), said_at(100, 0.7f)}};
  const Precision p = average_precision({f}, 1);
  const double meant = (51 * 1.0 + 50 * 2.0 / 3) / 101;  // recalls to 0.50
  EXPECT_NEAR(p.at(0), meant, 1e-12);
  EXPECT_NEAR(p.mean(), meant, 1e-12);
  EXPECT_EQ(p.truth, 2);
  EXPECT_EQ(p.found, 3);
  EXPECT_EQ(p.classes_seen(), 1);
}

TEST(AveragePrecision, OverlapsDecide) {
  // 2 of 10 columns apart: 80 / 120 = 0.667, right up to 0.65.
  const FrameBoxes f{{right_at(0)}, {said_at(2, 0.9f)}};
  const Precision p = average_precision({f}, 1);
  for (size_t o = 0; o < kOverlaps; ++o) {
    EXPECT_NEAR(p.at(o), o <= 3 ? 1 : 0, 1e-12) << o;
  }
  EXPECT_NEAR(p.mean(), 0.4, 1e-12);
}

TEST(AveragePrecision, ABoxIsFoundOnce) {
  const FrameBoxes f{{right_at(0)}, {said_at(0, 0.9f), said_at(0, 0.8f)}};
  EXPECT_NEAR(average_precision({f}, 1).at(0), 1, 1e-12);
  // The weaker one right, the stronger elsewhere.
  const FrameBoxes late{{right_at(0)}, {said_at(50, 0.9f), said_at(0, 0.8f)}};
  EXPECT_NEAR(average_precision({late}, 1).at(0), 0.5, 1e-12);
}

TEST(AveragePrecision, CrowdsCountForNothing) {
  // Both in the crowd are neither right nor wrong.
  TruthBox crowd{100, 0, 200, 10, 0, true};
  const FrameBoxes f{
      {crowd, right_at(0)},
      {said_at(110, 0.95f), said_at(150, 0.93f), said_at(0, 0.9f)}};
  const Precision p = average_precision({f}, 1);
  EXPECT_NEAR(p.at(0), 1, 1e-12);
  EXPECT_EQ(p.truth, 1);
  // A crowd alone is no truth.
  EXPECT_EQ(average_precision({{{crowd}, {said_at(0, 1)}}}, 1).classes_seen(),
            0);
}

TEST(AveragePrecision, ClassesAndPicturesStayApart) {
  TruthBox other = right_at(0);
  other.index = 2;
  Detection wrong = said_at(0, 0.9f);
  const std::vector<FrameBoxes> frames = {{{other}, {wrong}},
                                          {{right_at(0)}, {said_at(0, 0.5f)}}};
  const Precision p = average_precision(frames, 3);
  EXPECT_NEAR(p.classes[0].at[0], 0.5, 1e-12);
  EXPECT_EQ(p.classes[1].truth, 0);
  EXPECT_EQ(p.classes[2].at[0], 0);
  EXPECT_NEAR(p.at(0), 0.25, 1e-12);
  EXPECT_EQ(average_precision({}, 0).mean(), 0);
}

TEST(AveragePrecision, AHundredOfAClassInAPicture) {
  FrameBoxes f{{right_at(0)}, {}};
  for (int i = 0; i < 100; ++i) f.found.push_back(said_at(500, 0.9f));
  f.found.push_back(said_at(0, 0.1f));
  EXPECT_EQ(average_precision({f}, 1).at(0), 0);
  f.found.erase(f.found.begin());
  EXPECT_NEAR(average_precision({f}, 1).at(0), 0.01, 1e-12);
}

// pycocotools' steps with its own shapes: matrices of overlaps, matches by
// number, all thresholds one after another.
double slow_precision(const std::vector<FrameBoxes>& frames, double least) {
  struct Hit {
    float score;
    bool right, ignored;
  };
  std::vector<Hit> hits;
  int truths = 0;
  for (const FrameBoxes& frame : frames) {
    std::vector<TruthBox> g;
    for (const bool crowd : {false, true}) {
      for (const TruthBox& t : frame.truth) {
        if (t.crowd == crowd) g.push_back(t);
      }
    }
    for (const TruthBox& t : g) truths += !t.crowd;
    std::vector<Detection> d = frame.found;
    std::ranges::stable_sort(d, std::ranges::greater{}, &Detection::score);
    if (d.size() > 100) d.resize(100);
    std::vector<std::vector<double>> overlap(d.size(),
                                             std::vector<double>(g.size()));
    for (size_t i = 0; i < d.size(); ++i) {
      for (size_t j = 0; j < g.size(); ++j) {
        const double dw = static_cast<double>(d[i].right) - d[i].left;
        const double dh = static_cast<double>(d[i].bottom) - d[i].top;
        const double gw = g[j].right - g[j].left, gh = g[j].bottom - g[j].top;
        const double w =
            std::max(0.0, std::min(d[i].left + dw, g[j].left + gw) -
                              std::max<double>(d[i].left, g[j].left));
        const double h =
            std::max(0.0, std::min(d[i].top + dh, g[j].top + gh) -
                              std::max<double>(d[i].top, g[j].top));
        const double u = g[j].crowd ? dw * dh : dw * dh + gw * gh - w * h;
        overlap[i][j] = w * h / u;
      }
    }
    std::map<size_t, size_t> taken;
    for (size_t i = 0; i < d.size(); ++i) {
      double best = std::min(least, 1 - 1e-10);
      int match = -1;
      for (size_t j = 0; j < g.size(); ++j) {
        if (taken.contains(j) && !g[j].crowd) continue;
        if (match > -1 && !g[static_cast<size_t>(match)].crowd && g[j].crowd) {
          break;
        }
        if (overlap[i][j] < best) continue;
        best = overlap[i][j];
        match = static_cast<int>(j);
      }
      const bool crowd = match >= 0 && g[static_cast<size_t>(match)].crowd;
      if (match >= 0) taken[static_cast<size_t>(match)] = i;
      hits.push_back({d[i].score, match >= 0, crowd});
    }
  }
  std::ranges::stable_sort(hits, std::ranges::greater{}, &Hit::score);
  std::vector<double> recall, precision;
  double tp = 0, fp = 0;
  for (const Hit& h : hits) {
    tp += h.right && !h.ignored;
    fp += !h.right && !h.ignored;
    recall.push_back(tp / truths);
    precision.push_back(tp / (fp + tp + 2.220446049250313e-16));
  }
  double sum = 0;
  for (int r = 0; r <= 100; ++r) {
    double best = 0;
    for (size_t i = 0; i < recall.size(); ++i) {
      if (recall[i] >= r * 0.01) best = std::max(best, precision[i]);
    }
    sum += best;
  }
  return sum / 101;
}

TEST(AveragePrecision, RandomPicturesAsTheSlowStepsHaveThem) {
  std::mt19937 random(3);
  const auto pick = [&](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 60; ++round) {
    std::vector<FrameBoxes> frames(static_cast<size_t>(1 + pick(4)));
    int truths = 0;
    for (FrameBoxes& f : frames) {
      for (int i = pick(6); i > 0; --i) {
        const double x = pick(40), y = pick(40);
        f.truth.push_back(
            {x, y, x + 5 + pick(20), y + 5 + pick(20), 0, pick(5) == 0});
        truths += !f.truth.back().crowd;
      }
      for (int i = pick(20); i > 0; --i) {
        const auto x = static_cast<float>(pick(40)),
                   y = static_cast<float>(pick(40));
        // Few scores, so that many are equal.
        f.found.push_back({x, y, x + 5 + static_cast<float>(pick(20)),
                           y + 5 + static_cast<float>(pick(20)), 0,
                           static_cast<float>(pick(8)) / 8});
      }
    }
    if (truths == 0) continue;
    const Precision p = average_precision(frames, 1);
    for (size_t o = 0; o < kOverlaps; ++o) {
      const double least = 0.5 + 0.05 * static_cast<double>(o);
      EXPECT_NEAR(p.at(o), slow_precision(frames, least), 1e-9)
          << "round " << round << ", overlap " << least;
    }
  }
}

}  // namespace
}  // namespace shoal
