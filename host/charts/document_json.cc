#include "host/charts/document_json.h"

#include <nlohmann/json.hpp>

#include "host/charts/document.h"

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

Json cell_json(const Cell& cell) {
  if (const auto* value = std::get_if<double>(&cell)) return *value;
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return nullptr;
}

Json chart_json(const Chart& chart) {
  Json columns = Json::array(), rows = Json::array();
  for (const Column& c : chart.table.columns) {
    Json column{{"name", c.name}, {"unit", c.unit}};
    if (c.origin != Origin::kSetting) column["kind"] = origin_word(c.origin);
    columns.push_back(column);
  }
  for (const Row& row : chart.table.rows) {
    Json line = Json::array();
    for (const Cell& cell : row) line.push_back(cell_json(cell));
    rows.push_back(line);
  }
  return {{"title", chart.title}, {"columns", columns}, {"rows", rows}};
}

std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string drawing_json(const Chart& chart) {
  Json j = chart_json(chart);
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
  return text_of(j, -1);
}

std::string document_json(const Document& document) {
  Json facts = Json::object(), questions = Json::array();
  for (const auto& [name, value] : document.facts) facts[name] = value;
  for (const Section& q : document.sections) {
    Json tables = Json::array();
    for (const Chart& chart : q.charts) tables.push_back(chart_json(chart));
    questions.push_back({{"id", q.id},
                         {"title", q.title},
                         {"text", q.text},
                         {"tables", tables},
                         {"notes", q.notes}});
  }
  const Json all{{"study", document.name},
                 {"title", document.title},
                 {"command", document.command},
                 {"facts", facts},
                 {"questions", questions}};
  return text_of(all, 1) + "\n";
}

}  // namespace shoal
