#include "host/board/figure_reader.h"

#include <string>

#include "host/board/figures.h"

namespace shoal {

std::optional<double> figure_of(TomlReader& keys, const char* key,
                                const char* part) {
  const FigureRange& range = figure_range(std::string(part) + key);
  const toml::node* at = keys.node(key);
  if (range.or_zero && at && at->value<double>() == 0.0) return 0;
  return keys.number(key, range.low, range.high);
}

}  // namespace shoal
