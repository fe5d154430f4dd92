// Tables of numbers as text: CSV files and their relatives, as loggers,
// spreadsheets, pandas and NumPy's savetxt write them.
//
//   CsvTable t = parse_csv(read_file(path), path);
//   t.values[row * t.columns + column]
//
// A line is a row. Its fields are separated by tabs, semicolons, commas or, in
// files without any of them, spaces; a field may be quoted. A first line with
// text in it names the columns. Empty lines and lines that begin with # are no
// rows. A column that is named label, labels, class or target has the labels of
// the rows, as text; a first column without a name that counts the rows is the
// index that pandas writes, and is left out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

struct CsvTable {
  std::vector<std::string> names;   // of the columns of values; may be empty
  int64_t rows = 0, columns = 0;    // at least 1
  std::vector<double> values;       // finite; rows first
  std::vector<std::string> labels;  // of each row; empty: no such column
  std::string label_name;           // of their column
  bool index_left_out = false;
};

// Returns whether a column of this name has labels: label, labels, class or
// target, in any case. `y` is none, because sensors have such an axis.
bool is_label_name(std::string_view name);

// Throws Error(kCorrupt) naming line and column for text among the numbers, a
// missing value or a row of another length; for what has no rows, or more than
// 2^27 values. `name` is for messages.
CsvTable parse_csv(std::span<const uint8_t> file, const std::string& name);

}  // namespace shoal
