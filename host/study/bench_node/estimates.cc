#include "host/study/bench_node/estimates.h"

#include "host/base/error.h"
#include "host/base/toml_reader.h"

namespace shoal {
namespace {

constexpr const char* kEstimates = "estimated_cycles.toml";

}  // namespace

CycleEstimates parse_estimates(const std::string& toml) {
  const toml::table root = parse_toml(kEstimates, toml);
  TomlReader r(kEstimates, root, "");
  CycleEstimates found;
  const toml::table& sources = r.required_table("sources");
  TomlReader cores(kEstimates, sources, "sources");
  for (const auto& [core, source] : sources) {
    const std::string name(core.str());
    found.sources[name] =
        cores.required(cores.text(name.c_str()), name.c_str());
  }
  cores.finish();
  for (const auto& [layer, node] : r.required_table("layers")) {
    const std::string name(layer.str());
    if (!node.is_table()) {
      throw Error(Exit::kUsage,
                  toml_place(kEstimates, node) + name + " must be a table");
    }
    TomlReader ratios(kEstimates, *node.as_table(), name);
    for (const auto& [core, source] : found.sources) {
      found.layers[name][core] =
          ratios.required(ratios.number(core.c_str(), 0.1, 100), core.c_str());
    }
    ratios.finish();
  }
  r.finish();
  return found;
}

std::optional<double> CycleEstimates::of(const std::string& layer,
                                         const std::string& core) const {
  const auto line = layers.find(layer);
  if (line == layers.end()) return std::nullopt;
  const auto ratio = line->second.find(core);
  if (ratio == line->second.end()) return std::nullopt;
  return ratio->second;
}

}  // namespace shoal
