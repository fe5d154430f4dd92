#include "host/study/paper.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/base/error.h"
#include "host/base/toml_reader.h"

namespace shoal {
namespace {

constexpr std::array<const char*, 5> kQuantities = {
    "ram_kb", "floor_kb", "traffic_mb", "latency_s", "link_s"};

Quote read_quote(const std::string& file, const toml::table& table) {
  TomlReader r(file, table, "figure");
  Quote q;
  q.quantity = r.required(r.text("quantity"), "quantity");
  if (std::find(kQuantities.begin(), kQuantities.end(), q.quantity) ==
      kQuantities.end()) {
    r.fail("quantity", fmt::format("'{}' is unknown", q.quantity));
  }
  q.input = r.required(r.integer("input", 1, 65535), "input");
  q.nodes = r.integer("nodes", 1, 65535).value_or(q.nodes);
  q.value = r.required(r.number("value", 0, 1e15), "value");
  r.finish();
  return q;
}

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
  const toml::table root = parse_toml(file, toml);
  TomlReader r(file, root, "");
  const auto text = [&](const char* key) {
    return r.required(r.text(key), key);
  };
  Paper paper;
  paper.source = text("source");
  paper.model = text("model");
  paper.board = text("board");
  paper.model_file = text("model_file");
  const std::vector<const toml::table*> figures = r.tables("figure");
  r.finish();
  if (figures.empty()) r.fail("figure", "is missing");
  for (const toml::table* figure : figures) {
    const Quote q = read_quote(file, *figure);
    if (paper.find(q.quantity, q.input, q.nodes)) {
      throw Error(Exit::kUsage,
                  toml_place(file, *figure) +
                      fmt::format("{} of input {} at {} nodes is there twice",
                                  q.quantity, q.input, q.nodes));
    }
    paper.quotes.push_back(q);
  }
  return paper;
}

}  // namespace shoal
