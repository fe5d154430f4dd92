#include <algorithm>
#include <map>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/plan/cuts/block_file.h"

namespace shoal {
namespace {

constexpr int kMostTiles = 64;

class CutsReader {
 public:
  CutsReader(const std::string& file, const toml::table& table, const Net& net,
             const Cluster& cluster)
      : file_(file), net_(net), cluster_(cluster), top_(file, table, "") {
    cuts_.strategy = file;
    cuts_.layers.resize(net.layers.size());
    lines_.resize(net.layers.size());
    halo_layers_ = halo_layers(net);
  }

  Cuts read() {
    const toml::table* rest = top_.table("default");
    const toml::array* blocks = top_.array("block");
    top_.finish();
    if (blocks) {
      for (const toml::node& block : *blocks) read_block(block);
    }
    read_rest(rest);
    std::sort(cuts_.ends.begin(), cuts_.ends.end());
    std::sort(cuts_.joined.begin(), cuts_.joined.end());
    std::ranges::sort(cuts_.blocks, {}, &BlockChoice::begin);
    std::ranges::sort(cuts_.tiles, {}, &TileChoice::begin);
    return std::move(cuts_);
  }

 private:
  std::string layer_text(int layer) const {
    return "layer " + std::to_string(layer) + " (" +
           net_.layers[static_cast<size_t>(layer)].name + ")";
  }

  void read_block(const toml::node& node) {
    if (!node.is_table()) {
      throw Error(Exit::kUsage,
                  toml_place(file_, node) + "a block is not a table",
                  "begin each block with [[block]]");
    }
    TomlReader keys(file_, *node.as_table(), "block");
    const std::vector<Segment> runs = read_layers(keys, net_);
    const CutRule rule = read_cut_rule(keys, cluster_);
    BlockChoice choice;
    choice.band = keys.integer("band", 1, kMaxBand);
    choice.groups = keys.integer("groups", 1, kMaxBand).value_or(1);
    const bool ends = keys.flag("end").value_or(false);
    const bool joined = keys.flag("joined").value_or(false);
    const bool sends_halo = keys.flag("send_halo").value_or(false);
    const int tiles = keys.integer("tiles", 1, kMostTiles).value_or(1);
    keys.finish();
    bool any = false;
    for (const Segment& run : runs) {
      any |= cut_run(keys, rule, run, node.source().begin.line);
      if (ends) cuts_.ends.push_back(run.end - 1);
      for (int l = run.begin; sends_halo && l < run.end; ++l) {
        const auto i = static_cast<size_t>(l);
        cuts_.layers[i].sends_halo = halo_layers_[i];
      }
      for (int l = run.begin; joined && l + 1 < run.end; ++l) {
        cuts_.joined.push_back(l);
      }
      if (tiles > 1) cuts_.tiles.push_back({run.begin, run.end, tiles});
      if (!choice.band && choice.groups == 1) continue;
      choice.begin = run.begin, choice.end = run.end;
      cuts_.blocks.push_back(choice);
    }
    if (!any) {
      keys.fail("layers", "has none that can be cut along its " +
                              rule_text(rule) + ": " +
                              layer_text(runs[0].begin));
    }
  }

  // Returns whether any of the layers can be cut as the rule says.
  bool cut_run(TomlReader& keys, const CutRule& rule, const Segment& run,
               toml::source_index line) {
    bool any = false;
    for (int l = run.begin; l < run.end; ++l) {
      const size_t i = static_cast<size_t>(l);
      if (lines_[i]) {
        keys.fail("layers", "has " + layer_text(l) +
                                ", which is in the block of line " +
                                std::to_string(lines_[i]) + " already");
      }
      lines_[i] = line;
      any |= takes_rule(rule, net_.layers[i]);
      cuts_.layers[i] = cut(keys, rule, i);
    }
    return any;
  }

  LayerCut cut(TomlReader& keys, const CutRule& rule, size_t layer) {
    if (rule.strategy.empty())
      return apply_rule(rule, net_, static_cast<int>(layer));
    return strategy_cuts(keys, rule.strategy).layers[layer];
  }

  const Cuts& strategy_cuts(TomlReader& keys, const std::string& name) {
    if (const auto at = strategies_.find(name); at != strategies_.end()) {
      return at->second;
    }
    try {
      return strategies_[name] = make_cuts(net_, cluster_, {name, 0, 0});
    } catch (const Error& e) {
      keys.fail("strategy", "'" + name + "' is unknown", e.fix());
    }
  }

  void read_rest(const toml::table* table) {
    const auto missing = std::find(lines_.begin(), lines_.end(), 0);
    if (!table) {
      if (missing == lines_.end()) return;
      throw Error(Exit::kUsage,
                  file_ + ": no block has " +
                      layer_text(static_cast<int>(missing - lines_.begin())),
                  "name it, or add a [default]");
    }
    TomlReader keys(file_, *table, "default");
    const CutRule rule = read_cut_rule(keys, cluster_);
    keys.finish();
    if (!rule.strategy.empty()) strategy_cuts(keys, rule.strategy);
    for (size_t i = 0; i < lines_.size(); ++i) {
      if (!lines_[i]) cuts_.layers[i] = cut(keys, rule, i);
    }
  }

  const std::string& file_;
  const Net& net_;
  const Cluster& cluster_;
  TomlReader top_;
  Cuts cuts_;
  std::vector<bool> halo_layers_;
  std::vector<toml::source_index> lines_;  // of a layer's block; 0: none yet
  std::map<std::string, Cuts> strategies_;
};

}  // namespace

Cuts parse_cuts(const std::string& file, const std::string& text,
                const Net& net, const Cluster& cluster) {
  const toml::table table = parse_toml(file, text);
  return CutsReader(file, table, net, cluster).read();
}

}  // namespace shoal
