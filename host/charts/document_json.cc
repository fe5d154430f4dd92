#include <nlohmann/json.hpp>

#include "host/charts/chart_json.h"
#include "host/charts/document.h"

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

Json cell_json(const Cell& cell) {
  if (const auto* value = std::get_if<double>(&cell)) return *value;
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return nullptr;
}

}  // namespace

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
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace shoal
