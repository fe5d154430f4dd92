#include <nlohmann/json.hpp>

#include "host/charts/chart_json.h"

namespace shoal {

std::string drawing_json(const Chart& chart) {
  nlohmann::ordered_json j = chart_json(chart);
  for (size_t k = 0; k < chart.table.columns.size(); ++k) {
    j["columns"][k]["style"] = chart.table.columns[k].style;
    j["columns"][k]["joined"] = chart.table.columns[k].joined;
  }
  j["stacked"] = chart.kind == ChartKind::kStacked;
  j["x"] = chart.x;
  j["series"] = chart.series;
  j["y_label"] = chart.y_label;
  j["log_x"] = chart.log_x;
  j["log_y"] = chart.log_y;
  return j.dump(-1, ' ', false,
                nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace shoal
