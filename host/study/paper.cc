#include "host/study/paper.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "host/base/error.h"
#include "host/base/toml.h"

namespace shoal {
namespace {

constexpr std::array<const char*, 5> kQuantities = {
    "ram_kb", "floor_kb", "traffic_mb", "latency_s", "link_s"};

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Exit::kUsage, file_ + ": " + what);
  }

  std::string text(const toml::table& t, const char* key) const {
    const std::optional<std::string> value = t[key].value<std::string>();
    if (!value || value->empty()) {
      refuse(fmt::format("'{}' has to be a text", key));
    }
    return *value;
  }

  int count(const toml::table& t, const char* key, int least) const {
    const std::optional<int64_t> value = t[key].value_exact<int64_t>();
    if (!value || *value < least || *value > 65535) {
      refuse(fmt::format("'{}' has to be a number of {}..65535", key, least));
    }
    return static_cast<int>(*value);
  }

  Quote quote(const toml::table& t) const {
    for (const auto& [key, value] : t) {
      if (key != "quantity" && key != "input" && key != "nodes" &&
          key != "value") {
        refuse(fmt::format("figure: unknown key '{}'", key.str()));
      }
    }
    Quote q;
    q.quantity = text(t, "quantity");
    if (std::find(kQuantities.begin(), kQuantities.end(), q.quantity) ==
        kQuantities.end()) {
      refuse(fmt::format("quantity '{}' is unknown", q.quantity));
    }
    q.input = count(t, "input", 1);
    if (t.contains("nodes")) q.nodes = count(t, "nodes", 1);
    const std::optional<double> value = t["value"].value<double>();
    if (!value || !std::isfinite(*value) || *value < 0) {
      refuse("'value' has to be a number, 0 or more");
    }
    q.value = *value;
    return q;
  }

 private:
  std::string file_;
};

}  // namespace

std::optional<double> Paper::find(const std::string& quantity, int input,
                                  int nodes) const {
  for (const Quote& q : quotes) {
    if (q.quantity == quantity && q.input == input && q.nodes == nodes) {
      return q.value;
    }
  }
  return std::nullopt;
}

Paper parse_paper(const std::string& file, const std::string& toml) {
  const Reader reader(file);
  toml::table root;
  try {
    root = toml::parse(toml);
  } catch (const toml::parse_error& e) {
    reader.refuse(
        fmt::format("line {}: {}", e.source().begin.line, e.description()));
  }
  for (const auto& [key, value] : root) {
    if (key != "source" && key != "model" && key != "board" &&
        key != "model_file" && key != "figure") {
      reader.refuse(fmt::format("unknown key '{}'", key.str()));
    }
  }
  Paper paper;
  paper.source = reader.text(root, "source");
  paper.model = reader.text(root, "model");
  paper.board = reader.text(root, "board");
  paper.model_file = reader.text(root, "model_file");
  const toml::array* figures = root["figure"].as_array();
  if (figures == nullptr) reader.refuse("'figure' has to be a list of tables");
  for (const toml::node& node : *figures) {
    const toml::table* table = node.as_table();
    if (table == nullptr) reader.refuse("'figure' has to be a list of tables");
    const Quote q = reader.quote(*table);
    if (paper.find(q.quantity, q.input, q.nodes)) {
      reader.refuse(fmt::format("{} of input {} at {} nodes stands twice",
                                q.quantity, q.input, q.nodes));
    }
    paper.quotes.push_back(q);
  }
  return paper;
}

}  // namespace shoal
