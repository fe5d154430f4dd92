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

std::string table_text(const ChartTable& table) {
  std::vector<std::vector<std::string>> lines(table.rows.size() + 1);
  for (const Column& c : table.columns) lines[0].push_back(column_title(c));
  for (size_t r = 0; r < table.rows.size(); ++r) {
    for (size_t c = 0; c < table.columns.size(); ++c) {
      lines[r + 1].push_back(cell_text(table.columns[c], table.rows[r][c]));
    }
  }
  std::vector<size_t> widths(table.columns.size(), 0);
  for (const auto& line : lines) {
    for (size_t c = 0; c < line.size(); ++c) {
      widths[c] = std::max(widths[c], line[c].size());
    }
  }
  std::string text;
  for (size_t r = 0; r < lines.size(); ++r) {
    std::string line;
    for (size_t c = 0; c < lines[r].size(); ++c) {
      line += c == 0 ? "  " : "   ";
      line += is_text(table, c) ? fmt::format("{:<{}}", lines[r][c], widths[c])
                                : fmt::format("{:>{}}", lines[r][c], widths[c]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

}  // namespace shoal
