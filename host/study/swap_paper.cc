#include "host/study/swap_paper.h"

#include <fmt/format.h>

#include "host/base/error.h"
#include "host/base/toml.h"

namespace shoal {
namespace {

std::string text(const std::string& file, const toml::table& t,
                 const char* key) {
  const std::optional<std::string> value = t[key].value<std::string>();
  if (value && !value->empty()) return *value;
  throw Error(Exit::kUsage,
              fmt::format("{}: '{}' has to be a text", file, key));
}

}  // namespace

SwapPaper parse_swap_paper(const std::string& file, const std::string& toml) {
  toml::table root;
  try {
    root = toml::parse(toml);
  } catch (const toml::parse_error& e) {
    throw Error(Exit::kUsage,
                fmt::format("{}: line {}: {}", file, e.source().begin.line,
                            e.description()));
  }
  SwapPaper paper;
  paper.source = text(file, root, "source");
  paper.finding = text(file, root, "finding");
  const toml::array* const concerns = root["concern"].as_array();
  if (concerns == nullptr) {
    throw Error(Exit::kUsage, file + ": 'concern' has to be a list of tables");
  }
  for (const toml::node& node : *concerns) {
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
      throw Error(Exit::kUsage,
                  file + ": 'concern' has to be a list of tables");
    }
    paper.concerns.push_back(
        {text(file, *table, "name"), text(file, *table, "question")});
  }
  return paper;
}

}  // namespace shoal
