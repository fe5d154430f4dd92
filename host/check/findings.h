// The findings of the checker so far: one line each, in words and numbers.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace shoal {

class Findings {
 public:
  // Joins its arguments into one line.
  template <class... Args>
  void add(const Args&... args) {
    if (lines_.size() >= kMost) return;
    std::ostringstream line;
    line << where_;
    (line << ... << args);
    lines_.push_back(line.str());
  }
  // Adds the line unless `ok`; returns `ok`.
  template <class... Args>
  bool need(bool ok, const Args&... args) {
    if (!ok) add(args...);
    return ok;
  }
  // Sets the beginning of the lines to come: "node2, ".
  void set_where(std::string where) { where_ = std::move(where); }
  bool empty() const { return lines_.empty(); }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  static constexpr size_t kMost = 100;  // one mistake may break every row
  std::string where_;
  std::vector<std::string> lines_;
};

}  // namespace shoal
