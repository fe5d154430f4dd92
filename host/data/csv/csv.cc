#include "host/data/csv/csv.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"

namespace shoal {
namespace {

constexpr size_t kMostValues = size_t{1} << 27;
constexpr size_t kMostColumns = size_t{1} << 24;
constexpr size_t kMostShown = 40;  // characters of a field in a message

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<double> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// Returns whether a first line has names: none of them is a number, those that
// are none name labels, or pandas has numbered the columns behind its index. A
// row with a gap or a slip of the pen is no header.
bool is_header(const std::vector<std::string>& fields) {
  const auto is_number = [](const std::string& f) {
    return number(f).has_value();
  };
  if (std::ranges::all_of(fields, is_number)) return false;
  bool numbered = fields[0].empty();
  for (size_t i = 1; i < fields.size(); ++i) {
    numbered &= fields[i] == std::to_string(i - 1);
  }
  return numbered || std::ranges::none_of(fields, is_number) ||
         std::ranges::all_of(fields, [&](const std::string& f) {
           return is_number(f) || is_label_name(f);
         });
}

// ' ' stands for any number of spaces.
char separator_of(std::string_view line) {
  for (const char c : {'\t', ';', ','}) {
    if (line.find(c) != std::string_view::npos) return c;
  }
  return ' ';
}

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& name)
      : text_(text), name_(printable(name)) {}

  CsvTable read();

 private:
  [[noreturn]] void refuse(const std::string& why,
                           const std::string& fix = {}) const {
    throw Error(Exit::kCorrupt, name_ + ": " + why, fix);
  }
  // "line 7, column 3 (az)".
  std::string place(size_t column) const {
    std::string text = "line " + format_count(line_number_) + ", column " +
                       format_count(static_cast<int64_t>(column) + 1);
    if (column < header_.size() && !header_[column].empty()) {
      text += " (" + printable(header_[column]) + ")";
    }
    return text;
  }
  void check_encoding() const;
  bool next_line(std::string_view& line);
  void split(std::string_view line, std::vector<std::string>& fields) const;
  void take_header(std::vector<std::string> fields);
  void take_row(const std::vector<std::string>& fields);
  void drop_index();

  std::string_view text_;
  const std::string name_;
  int64_t line_number_ = 0;
  std::vector<std::string> header_;
  std::optional<size_t> label_column_;
  char separator_ = ',';
  size_t fields_ = 0;  // of a line
  CsvTable table_;
};

void CsvReader::check_encoding() const {
  const bool wide =
      text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF");
  if (wide) refuse("the table is in UTF-16", "save it as UTF-8");
  if (text_.substr(0, 4096).find('\0') != std::string_view::npos) {
    refuse("is not text", "give rows of numbers, in UTF-8");
  }
}

// The next line that is a row or names columns.
bool CsvReader::next_line(std::string_view& line) {
  while (!text_.empty()) {
    const size_t end = text_.find('\n');
    line = text_.substr(0, end);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    ++line_number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view inside = trimmed(line);
    if (!inside.empty() && inside.front() != '#') return true;
  }
  return false;
}

void CsvReader::split(std::string_view line,
                      std::vector<std::string>& fields) const {
  fields.clear();
  if (separator_ == ' ') line = trimmed(line);
  while (true) {
    if (fields.size() == kMostColumns) refuse("a line has too many columns");
    std::string field;
    const std::string_view inside = trimmed(line);
    if (inside.starts_with('"')) {
      line = inside.substr(1);
      while (true) {
        const size_t end = line.find('"');
        if (end == std::string_view::npos) {
          refuse("line " + format_count(line_number_) +
                 ": a quotation mark that is not closed");
        }
        field += line.substr(0, end);
        line.remove_prefix(end + 1);
        if (!line.starts_with('"')) break;
        field += '"';
        line.remove_prefix(1);
      }
    }
    const size_t end = line.find(separator_);
    field += trimmed(line.substr(0, end));
    fields.push_back(std::move(field));
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + 1);
    if (separator_ == ' ') line = trimmed(line);
  }
}

void CsvReader::take_header(std::vector<std::string> fields) {
  header_ = std::move(fields);
  for (size_t i = 0; i < header_.size(); ++i) {
    if (!is_label_name(header_[i])) {
      table_.names.push_back(header_[i]);
      continue;
    }
    if (label_column_) {
      refuse("two columns of labels: " + printable(header_[*label_column_]) +
                 " and " + printable(header_[i]),
             "leave out one of them");
    }
    label_column_ = i;
    table_.label_name = header_[i];
  }
}

void CsvReader::take_row(const std::vector<std::string>& fields) {
  if (fields.size() != fields_) {
    refuse("line " + format_count(line_number_) + ": " +
           format_count(static_cast<int64_t>(fields.size())) +
           " columns, the lines above have " +
           format_count(static_cast<int64_t>(fields_)));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string& field = fields[i];
    if (label_column_ == i) {
      table_.labels.push_back(field);
      continue;
    }
    if (field.empty()) {
      refuse(place(i) + ": no value", "fill the gap, or leave out the row");
    }
    const std::optional<double> value = number(field);
    if (value && !std::isfinite(*value)) {
      refuse(place(i) + ": '" + printable(field.substr(0, kMostShown)) +
                 "' is not a finite number",
             "fill the gap, or leave out the row");
    }
    if (!value) {
      const bool comma = separator_ == ';' && field.find(',') < field.size();
      refuse(place(i) + ": '" + printable(field.substr(0, kMostShown)) +
                 "' is not a number",
             comma ? "write a point before the decimals"
                   : "leave out columns that are not values");
    }
    if (table_.values.size() == kMostValues) {
      refuse("more than " + format_count(kMostValues) + " values",
             "give them in several files, or as .npy");
    }
    table_.values.push_back(*value);
  }
  ++table_.rows;
}

// The index that pandas writes: unnamed, and it counts the rows.
void CsvReader::drop_index() {
  if (table_.names.empty() || !table_.names[0].empty() || table_.columns < 2) {
    return;
  }
  const auto columns = static_cast<size_t>(table_.columns);
  for (size_t row = 1; row * columns < table_.values.size(); ++row) {
    if (table_.values[row * columns] !=
        table_.values[(row - 1) * columns] + 1) {
      return;
    }
  }
  size_t to = 0;
  for (size_t i = 0; i < table_.values.size(); ++i) {
    if (i % columns != 0) table_.values[to++] = table_.values[i];
  }
  table_.values.resize(to);
  table_.names.erase(table_.names.begin());
  --table_.columns;
  table_.index_left_out = true;
}

CsvTable CsvReader::read() {
  check_encoding();
  if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  std::string_view line;
  std::vector<std::string> fields;
  while (next_line(line)) {
    const bool first = fields_ == 0;
    if (first) separator_ = separator_of(line);
    split(line, fields);
    if (first) {
      fields_ = fields.size();
      if (is_header(fields)) {
        take_header(fields);
        continue;
      }
    }
    take_row(fields);
  }
  if (table_.rows == 0) refuse("it has no rows of numbers");
  table_.columns = static_cast<int64_t>(fields_) - (label_column_ ? 1 : 0);
  if (table_.columns == 0) refuse("it has no columns of numbers");
  drop_index();
  return std::move(table_);
}

}  // namespace

bool is_label_name(std::string_view name) {
  std::string lower;
  for (const char c : name) {
    lower += static_cast<char>(std::tolower(static_cast<uint8_t>(c)));
  }
  return lower == "label" || lower == "labels" || lower == "class" ||
         lower == "target";
}

CsvTable parse_csv(std::span<const uint8_t> file, const std::string& name) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()),
                              file.size());
  return CsvReader(text, name).read();
}

}  // namespace shoal
