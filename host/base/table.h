// Tables for people: columns as wide as what is in them, the least important
// ones left out where the width does not do, and said so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shoal {

// The width of what is not to be fitted: a file, or --wide.
inline constexpr size_t kAnyWidth = SIZE_MAX;

enum class Align { kLeft, kRight };

struct TableColumn {
  std::string title;
  Align align = Align::kRight;
  // 0: always shown. The columns with the highest rank are left out first.
  int rank = 0;
};

class TextTable {
 public:
  // `indent`: spaces in front of each line.
  explicit TextTable(std::vector<TableColumn> columns, size_t indent = 0);

  // One cell a column; further ones may be missing and are empty.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // Lines with a title line on top. What is left out is told in a last line.
  std::string text(size_t width) const;

 private:
  std::vector<size_t> fitting_columns(size_t width) const;
  std::string line(const std::vector<std::string>& cells,
                   const std::vector<size_t>& shown) const;
  std::string note(const std::vector<size_t>& shown, size_t width) const;

  std::vector<TableColumn> columns_;
  size_t indent_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> widths_;
};

// Breaks lines that are longer than `width` at spaces. Further lines begin
// under the text of a line that has a label ("latency      24 ms"), else two
// columns further right than the first one, or `hang` columns if that is more.
// A word that is longer than a line stays whole.
std::string wrap_lines(const std::string& text, size_t width, size_t hang = 0);

}  // namespace shoal
