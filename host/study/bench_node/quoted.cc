#include "host/study/bench_node/quoted.h"

#include "host/base/error.h"
#include "host/base/toml_reader.h"

namespace shoal {
namespace {

constexpr const char* kFile = "quoted_kernels.toml";

std::string text(TomlReader& r, const std::string& key) {
  return r.required(r.text(key.c_str()), key.c_str());
}

QuotedLayer parse_layer(const std::string& name, const toml::node& node,
                        const std::map<std::string, std::string>& cores) {
  if (!node.is_table()) {
    throw Error(Exit::kUsage,
                toml_place(kFile, node) + name + " must be a table");
  }
  TomlReader r(kFile, *node.as_table(), name);
  QuotedLayer layer;
  layer.macs =
      static_cast<int64_t>(r.required(r.number("macs", 1, 1e12), "macs"));
  for (const auto& [core, column] : cores) {
    const char* const key = column.c_str();
    layer.per_mac[column] = r.required(r.number(key, 1e-6, 1e6), key);
  }
  return layer;
}

}  // namespace

QuotedKernels parse_quoted(const std::string& toml) {
  const toml::table root = parse_toml(kFile, toml);
  TomlReader r(kFile, root, "");
  QuotedKernels quoted;
  quoted.library = text(r, "library");
  quoted.commit = text(r, "commit");
  quoted.compiler = text(r, "compiler");
  quoted.flags = text(r, "flags");
  quoted.emulator = text(r, "emulator");
  const toml::table& cores = r.required_table("cores");
  TomlReader columns(kFile, cores, "cores");
  for (const auto& [core, column] : cores) {
    const std::string name(core.str());
    quoted.cores[name] = text(columns, name);
  }
  const toml::table& layers = r.required_table("layers");
  for (const auto& [name, node] : layers) {
    const std::string key(name.str());
    quoted.layers[key] = parse_layer(key, node, quoted.cores);
  }
  return quoted;
}

std::optional<double> QuotedKernels::per_mac(const std::string& layer,
                                             const std::string& core) const {
  const auto column = cores.find(core);
  const auto found = layers.find(layer);
  if (column == cores.end() || found == layers.end()) return std::nullopt;
  return found->second.per_mac.at(column->second);
}

}  // namespace shoal
