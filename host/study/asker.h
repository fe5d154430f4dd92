// Helpers that the questions of a split study share: series (strategies and
// cuts files), points by series and nodes, and charts that are one value of a
// point against one number.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/study/split_study.h"

namespace shoal {

// The paper's system has up to this many nodes.
inline constexpr int kFew = 8;

inline double arena_kb(const Point& p) {
  return static_cast<double>(p.arena_bytes) / 1024;
}
inline double latency_ms(const Point& p) { return p.latency_s * 1e3; }

class Asker : public PointFinder<Setting, Point> {
 public:
  Asker(const Graph&, const Paper&, const SplitStudyOptions&, Points&);

  const SplitStudyOptions& options() const { return options_; }
  const Paper& paper() const { return paper_; }
  // Returns the rows and columns of the model's own picture; 0 if it is not
  // square.
  int own_side() const { return own_side_; }
  // Returns whether the paper's figures are of this network.
  bool is_quoted() const { return is_quoted_; }
  // Strategies and names of cuts files.
  std::vector<std::string> series() const;
  // Returns the asked-for numbers of nodes up to `limit`.
  std::vector<int> nodes(int limit) const;
  // Returns the largest of them.
  int most_nodes(int limit) const;
  std::vector<int> powers_of_two(int limit) const;

  // Returns the setting; one node is the same whatever the strategy.
  Setting setting(const std::string& series, int nodes) const;
  Setting least_ram(const std::string& series, int nodes) const;
  Setting simulated(const std::string& series, int nodes) const;
  static Setting at_side(Setting, int side, int own_side);

 private:
  const Paper& paper_;
  const SplitStudyOptions& options_;
  int own_side_ = 0;
  bool is_quoted_ = false;
};

using PointValue = std::function<double(const Point&)>;
Cell value_cell(const Point*, const PointValue&);

// A value against a number, one column per series.
struct Sweep {
  std::string title, unit, y_label;
  Origin origin = Origin::kModelled;
  int decimals = 1;
  Column x;
  std::vector<int> values;  // of x
  std::function<Setting(const std::string& series, int x)> setting;
  PointValue value;
  // The paper's figure there, and the name of its column.
  std::string quoted_name;
  std::function<std::optional<double>(int x)> quoted;
  bool log_x = false, log_y = false;
};
Chart sweep(Asker&, const Sweep&);

// Colour and marker of a series, the same in every chart.
int series_style(const Asker&, const std::string& series);
inline constexpr int kPaperStyle = 5;

Question ram_question(Asker&);
Question latency_question(Asker&);
Question traffic_question(Asker&);
Question sizes_question(Asker&);
Question unequal_question(Asker&);
Question memory_question(Asker&);
Question link_question(Asker&);
Question paper_question(Asker&);

}  // namespace shoal
