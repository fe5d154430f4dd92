#include "host/charts/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace shoal {
namespace {

std::string grouped(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", std::abs(value), decimals);
  const size_t point = std::min(text.find('.'), text.size());
  for (size_t k = point; k > 3; k -= 3) text.insert(k - 3, 1, ',');
  const bool zero = text.find_first_not_of("0.,") == std::string::npos;
  return (value < 0 && !zero ? "-" : "") + text;
}

bool is_text(const ChartTable& table, size_t column) {
  return !table.rows.empty() &&
         std::holds_alternative<std::string>(table.rows[0][column]);
}

}  // namespace

Cell cell_of(std::optional<double> value) {
  Cell cell;
  if (value) cell = *value;
  return cell;
}

const char* origin_word(Origin origin) {
  switch (origin) {
    case Origin::kSetting:
      return "";
    case Origin::kModelled:
      return "modelled";
    case Origin::kEmulated:
      return "emulated";
    case Origin::kSimulated:
      return "simulated";
    case Origin::kQuoted:
      return "quoted";
  }
  return "";
}

std::string column_title(const Column& column) {
  std::string text = column.name;
  if (!column.unit.empty()) text += ", " + column.unit;
  const std::string word = origin_word(column.origin);
  if (!word.empty()) text += " (" + word + ")";
  return text;
}

std::string cell_text(const Column& column, const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* value = std::get_if<double>(&cell)) {
    return grouped(*value, column.decimals);
  }
  return "-";
}

Chart table_chart(std::string title, std::vector<Column> columns) {
  Chart chart;
  chart.title = std::move(title);
  chart.kind = ChartKind::kNone;
  chart.table.columns = std::move(columns);
  return chart;
}

std::string table_text(const ChartTable& table, size_t width) {
  std::vector<TableColumn> columns;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    columns.push_back({column_title(table.columns[c]),
                       is_text(table, c) ? Align::kLeft : Align::kRight,
                       static_cast<int>(c)});
  }
  TextTable text(std::move(columns), 2);
  for (const Row& row : table.rows) {
    std::vector<std::string> cells;
    for (size_t c = 0; c < row.size(); ++c) {
      cells.push_back(cell_text(table.columns[c], row[c]));
    }
    text.add(std::move(cells));
  }
  return text.text(width);
}

}  // namespace shoal
