#include "host/plan/cuts/block_file.h"

#include <algorithm>
#include <cctype>

#include "host/base/error.h"

namespace shoal {
namespace {

int find_node(TomlReader& keys, const char* key, const toml::node& value,
              const Cluster& cluster) {
  const int count = static_cast<int>(cluster.nodes.size());
  if (const auto number = value.value_exact<int64_t>()) {
    if (*number >= 0 && *number < count) return static_cast<int>(*number);
    keys.fail(key, "has node " + std::to_string(*number),
              "nodes are 0 to " + std::to_string(count - 1));
  }
  const auto name = value.value_exact<std::string>();
  if (!name) keys.fail(key, "must have names or numbers of nodes");
  for (int i = 0; i < count; ++i) {
    if (cluster.nodes[static_cast<size_t>(i)].name == *name) return i;
  }
  keys.fail(key, "has '" + *name + "', which is not a node of the cluster");
}

Crew read_nodes(TomlReader& keys, const Cluster& cluster) {
  const toml::array* list = keys.array("nodes");
  if (!list) return whole_crew(cluster);
  std::vector<int> nodes;
  for (const toml::node& value : *list) {
    const int node = find_node(keys, "nodes", value, cluster);
    if (std::ranges::count(nodes, node)) {
      keys.fail(
          "nodes",
          "has '" + cluster.nodes[static_cast<size_t>(node)].name + "' twice");
    }
    nodes.push_back(node);
  }
  if (nodes.empty()) keys.fail("nodes", "is empty");
  return rated_crew(cluster, std::move(nodes));
}

// Takes the first `count` nodes, with the weights of the file.
void settle_crew(TomlReader& keys, const char* key, size_t count, Crew& crew) {
  if (count > crew.nodes.size()) {
    keys.fail(key, "asks for " + std::to_string(count) + " nodes, there are " +
                       std::to_string(crew.nodes.size()));
  }
  crew.nodes.resize(count);
  crew.weights.resize(count);
  const toml::array* weights = keys.array("weights");
  if (!weights) return;
  if (weights->size() != count) {
    keys.fail("weights", "has " + std::to_string(weights->size()) +
                             " numbers for " + std::to_string(count) +
                             " nodes");
  }
  for (size_t i = 0; i < count; ++i) {
    const toml::node& value = *weights->get(i);
    const std::optional<double> v =
        value.is_number() ? value.value<double>() : std::nullopt;
    if (!v || !(*v >= 1e-6 && *v <= 1e9)) {
      keys.fail("weights", "must be numbers from 1e-6 to 1e9");
    }
    crew.weights[i] = *v;
  }
}

// `key = true` is all nodes, `key = n` the first n.
size_t read_count(TomlReader& keys, const char* key, const Crew& crew) {
  if (keys.node(key)->is_boolean()) {
    if (!*keys.flag(key)) keys.fail(key, "must be true or a number of nodes");
    return crew.nodes.size();
  }
  return static_cast<size_t>(*keys.integer(key, 1, kMaxNodes));
}

[[noreturn]] void not_one_cut(TomlReader& keys, const std::string& found) {
  keys.fail("cut", found.empty() ? "is missing" : "is given twice: " + found,
            "one of: rows and columns, outputs, inputs, node, strategy");
}

std::optional<int> parse_number(const std::string& s) {
  if (s.empty() || s.size() > 6 ||
      !std::all_of(s.begin(), s.end(),
                   [](unsigned char c) { return std::isdigit(c); })) {
    return std::nullopt;
  }
  return std::stoi(s);
}

std::optional<Segment> parse_range(const std::string& s) {
  const size_t dash = s.find('-');
  const std::optional<int> first = parse_number(s.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string::npos) return Segment{*first, *first + 1};
  const std::optional<int> last = parse_number(s.substr(dash + 1));
  if (!last) return std::nullopt;
  return Segment{*first, *last + 1};
}

// One operator of the file may have become several layers with its name.
std::optional<Segment> find_name(TomlReader& keys, const Net& net,
                                 const std::string& name) {
  std::vector<int> found;
  for (size_t i = 0; i < net.layers.size(); ++i) {
    if (net.layers[i].name == name) found.push_back(static_cast<int>(i));
  }
  if (found.empty()) return std::nullopt;
  if (found.back() - found.front() + 1 != static_cast<int>(found.size())) {
    std::string numbers;
    for (int i : found) numbers += " " + std::to_string(i);
    keys.fail("layers", "'" + name + "' is the name of several:" + numbers,
              "give numbers");
  }
  return Segment{found.front(), found.back() + 1};
}

Segment read_run(TomlReader& keys, const toml::node& value, const Net& net) {
  const int count = static_cast<int>(net.layers.size());
  std::optional<Segment> run;
  std::string text;
  if (const auto number = value.value_exact<int64_t>()) {
    text = std::to_string(*number);
  } else if (const auto given = value.value_exact<std::string>()) {
    text = *given;
    run = find_name(keys, net, text);
  } else {
    keys.fail("layers", "must be numbers, \"a-b\" or names");
  }
  if (!run) run = parse_range(text);
  const std::string have =
      "the net has layers 0 to " + std::to_string(count - 1);
  if (!run) keys.fail("layers", "has no layer '" + text + "'", have);
  if (run->begin >= run->end || run->end > count) {
    keys.fail("layers", "are not '" + text + "'", have);
  }
  return *run;
}

}  // namespace

CutRule read_cut_rule(TomlReader& keys, const Cluster& cluster) {
  CutRule rule;
  std::string found;
  const auto is_given = [&](const char* key) {
    if (!keys.has(key)) return false;
    found += (found.empty() ? "" : ", ") + std::string(key);
    return true;
  };
  const bool grid = keys.has("rows") || keys.has("columns");
  if (grid) found = "rows and columns";
  const bool outputs = is_given("outputs"), inputs = is_given("inputs");
  const bool one = is_given("node"), strategy = is_given("strategy");
  if (grid + outputs + inputs + one + strategy != 1) not_one_cut(keys, found);
  if (one || strategy) {
    if (keys.has("nodes") || keys.has("weights")) {
      keys.fail(one ? "node" : "strategy", "takes no nodes and no weights");
    }
    if (strategy) {
      rule.strategy = *keys.text("strategy");
      if (rule.strategy.empty()) keys.fail("strategy", "is empty");
    } else {
      rule.crew.nodes = {find_node(keys, "node", *keys.node("node"), cluster)};
      rule.crew.weights = {1};
    }
    return rule;
  }
  rule.crew = read_nodes(keys, cluster);
  if (grid) {
    rule.kind = CutKind::kGrid;
    rule.rows = keys.integer("rows", 1, kMaxNodes).value_or(1);
    rule.columns = keys.integer("columns", 1, kMaxNodes).value_or(1);
    rule.parts = keys.integer("parts", 1, kMaxNodes).value_or(1);
    settle_crew(keys, keys.has("rows") ? "rows" : "columns",
                static_cast<size_t>(rule.rows) * rule.columns * rule.parts,
                rule.crew);
  } else {
    rule.kind = outputs ? CutKind::kOutputs : CutKind::kInputs;
    const char* key = outputs ? "outputs" : "inputs";
    settle_crew(keys, key, read_count(keys, key, rule.crew), rule.crew);
  }
  return rule;
}

namespace {

// Returns the rule for rows and columns of the net, with cells in the same
// order.
CutRule turned(const CutRule& rule) {
  CutRule other = rule;
  std::swap(other.rows, other.columns);
  const auto rows = static_cast<size_t>(rule.rows);
  const auto columns = static_cast<size_t>(rule.columns);
  const auto parts = static_cast<size_t>(rule.parts);
  for (size_t y = 0; y < rows; ++y) {
    for (size_t x = 0; x < columns; ++x) {
      for (size_t p = 0; p < parts; ++p) {
        const size_t from = (y * columns + x) * parts + p;
        const size_t to = (x * rows + y) * parts + p;
        other.crew.nodes[to] = rule.crew.nodes[from];
        other.crew.weights[to] = rule.crew.weights[from];
      }
    }
  }
  return other;
}

LayerCut apply_rule(const CutRule& rule, const Layer& layer) {
  switch (rule.kind) {
    case CutKind::kGrid:
      if (rule.parts > 1) {
        const Cells cells{rule.rows, rule.columns, rule.parts};
        if (auto cut = cut_cells(layer, rule.crew, cells)) return *cut;
      }
      return cut_grid(layer, rule.crew, rule.rows, rule.columns);
    case CutKind::kOutputs:
      return cut_outputs(layer, rule.crew);
    case CutKind::kInputs:
      return cut_inputs(layer, rule.crew);
    default:
      return cut_one(layer, rule.crew.nodes[0]);
  }
}

}  // namespace

LayerCut apply_rule(const CutRule& rule, const Net& net, int layer) {
  const Layer& l = net.layers[static_cast<size_t>(layer)];
  const bool swaps = net.tensors[static_cast<size_t>(l.out.tensor)].turned;
  const bool is_grid = rule.kind == CutKind::kGrid;
  return apply_rule(swaps && is_grid ? turned(rule) : rule, l);
}

bool takes_rule(const CutRule& rule, const Layer& layer) {
  if (rule.crew.nodes.size() < 2) return true;
  switch (rule.kind) {
    case CutKind::kGrid:
      return can_cut_rows(layer) || can_cut_columns(layer);
    case CutKind::kOutputs:
      return can_cut_outputs(layer);
    case CutKind::kInputs:
      return can_cut_inputs(layer);
    default:
      return true;
  }
}

std::string rule_text(const CutRule& rule) {
  switch (rule.kind) {
    case CutKind::kGrid:
      return "rows or columns";
    case CutKind::kOutputs:
      return "outputs";
    case CutKind::kInputs:
      return "inputs";
    default:
      return "one node";
  }
}

std::vector<Segment> read_layers(TomlReader& keys, const Net& net) {
  const toml::node* value = keys.node("layers");
  if (!value) keys.fail("layers", "is missing", "such as layers = \"0-12\"");
  if (!value->is_array()) return {read_run(keys, *value, net)};
  std::vector<Segment> runs;
  for (const toml::node& one : *value->as_array()) {
    runs.push_back(read_run(keys, one, net));
  }
  if (runs.empty()) keys.fail("layers", "is empty");
  return runs;
}

}  // namespace shoal
