#include "host/study/asker.h"

#include <algorithm>

#include "host/plan/cuts/cuts.h"

namespace shoal {

std::vector<std::string> sorted_strategies() {
  std::vector<std::string> names = general_strategies();
  std::ranges::sort(names);
  return names;
}

Asker::Asker(const Graph& graph, const Paper& paper,
             const SplitStudyOptions& options, Points& points)
    : PointFinder(points), paper_(paper), options_(options) {
  const Shape& shape =
      graph.tensors[static_cast<size_t>(graph.inputs[0])].shape;
  if (graph.inputs.size() == 1 && shape.size() == 4 && shape[1] == shape[2]) {
    own_side_ = shape[1];
  }
  is_quoted_ = graph.name.find(paper.model_file) != std::string::npos &&
               options.board->name == paper.board;
}

std::vector<std::string> Asker::series() const {
  std::vector<std::string> names = options_.strategies;
  for (const PlanText& file : options_.cuts) names.push_back(file.name);
  return names;
}

std::vector<int> Asker::nodes(int limit) const {
  std::vector<int> out;
  for (const int n : options_.nodes) {
    if (n <= limit) out.push_back(n);
  }
  return out;
}

int Asker::most_nodes(int limit) const {
  const std::vector<int> few = nodes(limit);
  return few.empty() ? options_.nodes.front() : few.back();
}

std::vector<int> Asker::powers_of_two(int limit) const {
  std::vector<int> out;
  for (const int n : nodes(limit)) {
    if ((n & (n - 1)) == 0) out.push_back(n);
  }
  return out;
}

Setting Asker::setting(const std::string& series, int nodes) const {
  Setting s;
  s.nodes = nodes;
  s.strategy = series;
  const auto& known = options_.strategies;
  if (nodes == 1 && std::count(known.begin(), known.end(), series) > 0) {
    s.strategy = known.front();
  }
  return s;
}

Setting Asker::least_ram(const std::string& series, int nodes) const {
  Setting s = setting(series, nodes);
  s.objective = Objective::kRam;
  return s;
}

Setting Asker::simulated(const std::string& series, int nodes) const {
  Setting s = setting(series, nodes);
  s.simulated = true;
  return s;
}

Setting Asker::at_side(Setting s, int side, int own_side) {
  s.side = side == own_side ? 0 : side;
  return s;
}

int series_style(const Asker& asker, const std::string& series) {
  const std::vector<std::string> names = sorted_strategies();
  const auto found = std::ranges::find(names, series);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  const std::vector<std::string> all = asker.series();
  const auto place = std::find(all.begin(), all.end(), series) - all.begin();
  return place % 2 == 1 ? 3 : 4;
}

Cell value_cell(const Point* point, const PointValue& value) {
  if (point == nullptr) return {};
  return value(*point);
}

Chart sweep(Asker& asker, const Sweep& s) {
  Chart chart;
  chart.title = s.title;
  chart.y_label = s.y_label;
  chart.log_x = s.log_x;
  chart.log_y = s.log_y;
  chart.table.columns = {s.x};
  const std::vector<std::string> names = asker.series();
  for (const std::string& name : names) {
    chart.series.push_back(static_cast<int>(chart.table.columns.size()));
    chart.table.columns.push_back(
        {name, s.unit, s.origin, s.decimals, series_style(asker, name)});
  }
  bool any_quoted = false;
  for (const int x : s.values) {
    any_quoted |= asker.is_quoted() && s.quoted && s.quoted(x).has_value();
  }
  if (any_quoted) {
    chart.series.push_back(static_cast<int>(chart.table.columns.size()));
    chart.table.columns.push_back(
        {s.quoted_name, s.unit, Origin::kQuoted, s.decimals, kPaperStyle});
  }
  for (const int x : s.values) {
    Row row = {static_cast<double>(x)};
    for (const std::string& name : names) {
      row.push_back(value_cell(asker.find(s.setting(name, x)), s.value));
    }
    if (any_quoted) row.push_back(cell_of(s.quoted(x)));
    chart.table.rows.push_back(row);
  }
  return chart;
}

}  // namespace shoal
