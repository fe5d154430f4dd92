// Tables whose every column says where its numbers come from, and charts that
// are drawn from a table, so that a plot and the table under it cannot differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "host/base/table.h"

namespace shoal {

enum class Origin : uint8_t {
  kSetting,    // what was asked for: nodes, strategy, link
  kModelled,   // computed by the planner
  kEmulated,   // counted on an emulated board
  kSimulated,  // the real runtime and protocol under virtual time
  kQuoted,     // of somebody else's system, from the source that is named
};
const char* origin_word(Origin);  // "modelled"; "" for a setting

struct Column {
  std::string name, unit;
  Origin origin = Origin::kSetting;
  int decimals = 0;
  int style = -1;      // colour and marker of its series; -1: by position
  bool joined = true;  // a chart's line goes through its points
};

// Nothing: no such point, or the paper has no figure there.
using Cell = std::variant<std::monostate, double, std::string>;
using Row = std::vector<Cell>;
Cell cell_of(std::optional<double>);

struct ChartTable {
  std::vector<Column> columns;
  std::vector<Row> rows;  // each as long as columns
};

// "peak arena, KB (modelled)".
std::string column_title(const Column&);
// "1,234.5"; "-" for nothing.
std::string cell_text(const Column&, const Cell&);
// Returns the table for a terminal: aligned columns, a line of titles on top.
// The last columns are left out if they do not fit.
std::string table_text(const ChartTable&, size_t width = kAnyWidth);

enum class ChartKind : uint8_t {
  kNone,     // the table alone
  kLines,    // column `x` against the series
  kStacked,  // a bar a row, its parts are the series; rows with equal values
             // in column `x` stand together, column x + 1 names the bar
};

struct Chart {
  std::string title;
  ChartKind kind = ChartKind::kLines;
  ChartTable table;
  int x = 0;
  std::vector<int> series;  // columns
  std::string y_label;
  bool log_x = false, log_y = false;
  bool is_heat = false;  // cells of numbers are as dark as they are large
};
// Makes a chart without a plot.
Chart table_chart(std::string title, std::vector<Column>);

}  // namespace shoal
