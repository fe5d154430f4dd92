#include "host/study/bench_node/peer.h"

#include "host/base/error.h"
#include "host/base/toml.h"

namespace shoal {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(Exit::kInternal, "peer figures: " + what);
}

template <class T>
T required(const toml::node_view<const toml::node>& node,
           const std::string& key) {
  const auto value = node.value<T>();
  if (!value) fail(key + " is missing or of the wrong kind");
  return *value;
}

const toml::table& required_table(const toml::table& table, const char* key) {
  const toml::table* found = table[key].as_table();
  if (!found) fail(std::string(key) + " is missing or of the wrong kind");
  return *found;
}

PeerLayer parse_layer(const std::string& name, const toml::node& node,
                      const std::map<std::string, std::string>& cores) {
  const toml::table* table = node.as_table();
  if (!table) fail(name + " is of the wrong kind");
  PeerLayer layer;
  layer.macs = required<int64_t>((*table)["macs"], name + ".macs");
  for (const auto& [core, column] : cores) {
    const double per_mac =
        required<double>((*table)[column], name + "." + column);
    if (!(per_mac > 0)) fail(name + "." + column + " must be above 0");
    layer.per_mac[column] = per_mac;
  }
  return layer;
}

}  // namespace

Peer parse_peer(const std::string& text) {
  toml::table parsed;
  try {
    parsed = toml::parse(text);
  } catch (const toml::parse_error& e) {
    fail(std::string(e.description()));
  }
  const toml::table& table = parsed;
  Peer peer;
  peer.library = required<std::string>(table["library"], "library");
  peer.commit = required<std::string>(table["commit"], "commit");
  peer.compiler = required<std::string>(table["compiler"], "compiler");
  peer.flags = required<std::string>(table["flags"], "flags");
  peer.emulator = required<std::string>(table["emulator"], "emulator");
  const toml::table& cores = required_table(table, "cores");
  for (const auto& [core, column] : cores) {
    const std::string name(core.str());
    peer.cores[name] = required<std::string>(cores[name], "cores." + name);
  }
  for (const auto& [name, node] : required_table(table, "layers")) {
    const std::string key(name.str());
    peer.layers[key] = parse_layer(key, node, peer.cores);
  }
  return peer;
}

std::optional<double> Peer::per_mac(const std::string& layer,
                                    const std::string& core) const {
  const auto column = cores.find(core);
  const auto found = layers.find(layer);
  if (column == cores.end() || found == layers.end()) return std::nullopt;
  return found->second.per_mac.at(column->second);
}

}  // namespace shoal
