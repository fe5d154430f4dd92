#include "host/base/table.h"

#include <algorithm>
#include <utility>

namespace shoal {
namespace {

constexpr size_t kGap = 2;  // spaces between columns

// Returns how many columns a UTF-8 text takes: its bytes that begin a
// character.
size_t columns_of(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

void trim_end(std::string& text) { text.erase(text.find_last_not_of(' ') + 1); }

// Returns where further lines of a line begin.
size_t hanging_column(const std::string& line, size_t width) {
  const size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const size_t gap = line.find("  ", begin);
  const size_t most = std::min<size_t>(30, width / 2);
  if (gap != line.npos) {
    const size_t text = line.find_first_not_of(' ', gap);
    if (text != line.npos && text <= most) return text;
  }
  return begin + 2;
}

std::string wrap_line(const std::string& line, size_t width, size_t hang) {
  if (columns_of(line) <= width) return line;
  const size_t column =
      std::min(std::max(hang, hanging_column(line, width)), width / 2);
  std::string out, now;
  size_t at = std::min(line.find_first_not_of(' '), line.size());
  now = line.substr(0, at);
  bool is_empty = true;  // of words
  while (at < line.size()) {
    // Spaces in front of the word are kept within a line.
    const size_t word = std::min(line.find_first_not_of(' ', at), line.size());
    const size_t end = std::min(line.find(' ', word), line.size());
    const std::string next = line.substr(at, end - at);
    if (!is_empty && columns_of(now) + columns_of(next) > width) {
      trim_end(now);
      out += now + "\n";
      now = std::string(column, ' ') + line.substr(word, end - word);
    } else {
      now += next;
    }
    is_empty = false;
    at = end;
  }
  trim_end(now);
  return out + now;
}

}  // namespace

TextTable::TextTable(std::vector<TableColumn> columns, size_t indent)
    : columns_(std::move(columns)), indent_(indent) {
  for (const TableColumn& c : columns_) {
    widths_.push_back(columns_of(c.title));
  }
}

void TextTable::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    widths_[i] = std::max(widths_[i], columns_of(cells[i]));
  }
  rows_.push_back(std::move(cells));
}

std::vector<size_t> TextTable::fitting_columns(size_t width) const {
  std::vector<size_t> shown;
  size_t total = indent_;
  for (size_t i = 0; i < columns_.size(); ++i) {
    shown.push_back(i);
    total += widths_[i] + (i > 0 ? kGap : 0);
  }
  while (total > width) {
    size_t least = 0;
    for (size_t k = 1; k < shown.size(); ++k) {
      if (columns_[shown[k]].rank >= columns_[shown[least]].rank) least = k;
    }
    if (shown.size() < 2 || columns_[shown[least]].rank == 0) break;
    total -= widths_[shown[least]] + kGap;
    shown.erase(shown.begin() + static_cast<std::ptrdiff_t>(least));
  }
  return shown;
}

std::string TextTable::line(const std::vector<std::string>& cells,
                            const std::vector<size_t>& shown) const {
  std::string text(indent_, ' ');
  for (size_t k = 0; k < shown.size(); ++k) {
    const size_t i = shown[k];
    const std::string pad(widths_[i] - columns_of(cells[i]), ' ');
    const bool left = columns_[i].align == Align::kLeft;
    text += (k > 0 ? std::string(kGap, ' ') : "") + (left ? "" : pad) +
            cells[i] + (left ? pad : "");
  }
  trim_end(text);
  return text + "\n";
}

std::string TextTable::note(const std::vector<size_t>& shown,
                            size_t width) const {
  const size_t hidden = columns_.size() - shown.size();
  if (hidden == 0) return "";
  std::string names;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (std::ranges::count(shown, i) > 0) continue;
    names += (names.empty() ? "" : ", ") + columns_[i].title;
  }
  const std::string begin = std::string(indent_, ' ') + "--wide also shows ";
  const std::string text = begin + names + "\n";
  if (columns_of(text) <= width) return text;
  return begin + std::to_string(hidden) + " more columns\n";
}

std::string TextTable::text(size_t width) const {
  const std::vector<size_t> shown = fitting_columns(width);
  std::vector<std::string> titles;
  for (const TableColumn& c : columns_) titles.push_back(c.title);
  std::string text = line(titles, shown);
  for (const std::vector<std::string>& row : rows_) text += line(row, shown);
  return text + note(shown, width);
}

std::string wrap_lines(const std::string& text, size_t width, size_t hang) {
  if (width == kAnyWidth) return text;
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += wrap_line(text.substr(at, end - at), width, hang);
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

}  // namespace shoal
