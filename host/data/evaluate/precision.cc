#include "host/data/evaluate/precision.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

namespace shoal {
namespace {

constexpr size_t kRecalls = 101;

double overlap_at(size_t i) {
  return i + 1 == kOverlaps ? 0.95
                            : static_cast<double>(i) * ((0.95 - 0.5) / 9) + 0.5;
}

// For a crowd, the part of the found box that lies in it counts, not the union
// of both.
double overlap_of(const Detection& d, const TruthBox& t) {
  const double left = d.left, top = d.top;
  const double width = static_cast<double>(d.right) - left;
  const double height = static_cast<double>(d.bottom) - top;
  const double w =
      std::min(left + width, t.right) - std::max<double>(left, t.left);
  const double h =
      std::min(top + height, t.bottom) - std::max<double>(top, t.top);
  if (!(w > 0) || !(h > 0)) return 0;
  const double area = width * height;
  const double truth = (t.right - t.left) * (t.bottom - t.top);
  return w * h / (t.crowd ? area : area + truth - w * h);
}

// A found box of one class: at which overlaps it is right, at which it counts.
struct Judged {
  float score = 0;
  std::array<bool, kOverlaps> right{}, counts{};
};

class ClassInFrame {
 public:
  ClassInFrame(const FrameBoxes& frame, int index) {
    for (const TruthBox& t : frame.truth) {
      if (t.index == index) truth_.push_back(t);
    }
    std::stable_partition(truth_.begin(), truth_.end(),
                          [](const TruthBox& t) { return !t.crowd; });
    for (const Detection& d : frame.found) {
      if (d.index == index && !std::isnan(d.score)) found_.push_back(d);
    }
    std::ranges::stable_sort(found_, std::ranges::greater{}, &Detection::score);
    if (found_.size() > kMostFound) found_.resize(kMostFound);
  }

  int64_t truth() const {
    return std::ranges::count(truth_, false, &TruthBox::crowd);
  }

  void judge(std::vector<Judged>& all) const {
    std::vector<Judged> judged(found_.size());
    for (size_t d = 0; d < found_.size(); ++d) {
      judged[d].score = found_[d].score;
    }
    for (size_t o = 0; o < kOverlaps; ++o) {
      std::vector<bool> taken(truth_.size(), false);
      for (size_t d = 0; d < found_.size(); ++d) {
        const int match = match_of(found_[d], overlap_at(o), taken);
        const bool crowd =
            match >= 0 && truth_[static_cast<size_t>(match)].crowd;
        if (match >= 0) taken[static_cast<size_t>(match)] = true;
        judged[d].right[o] = match >= 0 && !crowd;
        judged[d].counts[o] = !crowd;
      }
    }
    all.insert(all.end(), judged.begin(), judged.end());
  }

 private:
  // The box that it overlaps most, of equal ones the last; -1: none enough.
  // One that is no crowd goes before crowds, which come last.
  int match_of(const Detection& found, double least,
               const std::vector<bool>& taken) const {
    double best = std::min(least, 1 - 1e-10);
    int match = -1;
    for (size_t t = 0; t < truth_.size(); ++t) {
      if (taken[t] && !truth_[t].crowd) continue;
      if (match >= 0 && truth_[t].crowd &&
          !truth_[static_cast<size_t>(match)].crowd) {
        break;
      }
      const double overlap = overlap_of(found, truth_[t]);
      if (overlap < best) continue;
      best = overlap;
      match = static_cast<int>(t);
    }
    return match;
  }

  std::vector<TruthBox> truth_;
  std::vector<Detection> found_;
};

// Returns the mean of the best precision at each recall or above.
double area_under(const std::vector<Judged>& all, size_t overlap,
                  int64_t truth) {
  std::vector<double> recalls, precisions;
  double right = 0, wrong = 0;
  for (const Judged& j : all) {
    if (j.counts[overlap]) ++(j.right[overlap] ? right : wrong);
    recalls.push_back(right / static_cast<double>(truth));
    precisions.push_back(
        right / (right + wrong + std::numeric_limits<double>::epsilon()));
  }
  for (size_t i = precisions.size(); i-- > 1;) {
    precisions[i - 1] = std::max(precisions[i - 1], precisions[i]);
  }
  double sum = 0;
  for (size_t r = 0; r < kRecalls; ++r) {
    const double recall = static_cast<double>(r) * 0.01;
    const auto at = std::ranges::lower_bound(recalls, recall);
    if (at != recalls.end()) {
      sum += precisions[static_cast<size_t>(at - recalls.begin())];
    }
  }
  return sum / kRecalls;
}

double mean_of(const std::vector<ClassPrecision>& classes, auto value) {
  double sum = 0;
  int seen = 0;
  for (const ClassPrecision& c : classes) {
    if (c.truth == 0) continue;
    sum += value(c);
    ++seen;
  }
  return sum / std::max(seen, 1);
}

}  // namespace

double ClassPrecision::mean() const {
  return std::accumulate(at.begin(), at.end(), 0.0) / kOverlaps;
}

double Precision::mean() const {
  return mean_of(classes, [](const ClassPrecision& c) { return c.mean(); });
}

double Precision::at(size_t overlap) const {
  return mean_of(classes,
                 [=](const ClassPrecision& c) { return c.at.at(overlap); });
}

int Precision::classes_seen() const {
  return static_cast<int>(std::ranges::count_if(
      classes, [](const ClassPrecision& c) { return c.truth > 0; }));
}

Precision average_precision(const std::vector<FrameBoxes>& frames,
                            int classes) {
  Precision p;
  p.frames = static_cast<int64_t>(frames.size());
  p.classes.resize(static_cast<size_t>(classes));
  std::set<int> met;
  for (const FrameBoxes& frame : frames) {
    for (const TruthBox& t : frame.truth) {
      if (t.index >= 0 && t.index < classes) met.insert(t.index);
    }
  }
  for (const int c : met) {
    ClassPrecision& of = p.classes[static_cast<size_t>(c)];
    std::vector<Judged> all;
    for (const FrameBoxes& frame : frames) {
      const ClassInFrame one(frame, c);
      of.truth += one.truth();
      one.judge(all);
    }
    of.found = static_cast<int64_t>(all.size());
    p.truth += of.truth;
    p.found += of.found;
    if (of.truth == 0) continue;
    std::ranges::stable_sort(all, std::ranges::greater{}, &Judged::score);
    for (size_t o = 0; o < kOverlaps; ++o) {
      of.at[o] = area_under(all, o, of.truth);
    }
  }
  return p;
}

}  // namespace shoal
