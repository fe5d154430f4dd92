#include "host/report/plan_view.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "host/base/box.h"
#include "host/base/error.h"
#include "host/report/checked_json.h"

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kFormat = 1;  // of host/plan/file/plan_file.cc
constexpr const char* kPlanFix =
    "write the plan again with `shoal plan -o FILE`";
// More would make a page that no browser opens.
constexpr size_t kMostNodes = 4096;

struct LayerShares {
  std::string name, op;
  Box shape{1 << 24, 0, 1 << 24, 0, 1 << 24, 0};
  std::optional<std::string> weights;  // where they lie
  Json shares = Json::array();
};

struct DrawnPlan {
  std::map<int, LayerShares> layers;
  std::map<std::pair<int, int>, int64_t> traffic;  // -1: the coordinator
  Json nodes = Json::array();
  int node = 0;  // that is being read
  bool linked = false;
};

Json optional_number(const CheckedJson& j, const char* key) {
  return j.has(key) ? Json(j.number(key)) : Json();
}

void grow(Box& shape, const Box& by) {
  shape = {std::min(shape.y0, by.y0), std::max(shape.y1, by.y1),
           std::min(shape.x0, by.x0), std::max(shape.x1, by.x1),
           std::min(shape.c0, by.c0), std::max(shape.c1, by.c1)};
}

// The tables of a stage, of which others name rows.
struct DrawnStage {
  struct Buffer {
    int element_bytes = 1;
    bool is_private = false;
  };
  struct Port {
    Box box;
    int buffer = 0;
  };
  std::vector<Buffer> buffers;
  std::vector<Port> ports;
};

template <class T>
const T& row(const std::vector<T>& table, int index, const CheckedJson& of) {
  if (index < 0 || static_cast<size_t>(index) >= table.size()) {
    of.refuse("names a row that its stage does not have");
  }
  return table[static_cast<size_t>(index)];
}

// Which bytes of the arena belong to a tensor, from stage to stage. The stages
// of a buffer that lives longer all list it, so it is kept once.
using Occupants = std::set<std::tuple<int, int64_t, int64_t, int, int>>;

struct DrawnNode {
  Json regions = Json::array();  // [name, offset, bytes]
  Json boxes = Json::array();    // of memory
  Json stages = Json::array();
  Occupants seen;
  int stage = 0;
};

void add_buffer(const CheckedJson& b, DrawnNode& node, DrawnStage& tables) {
  const int64_t element_bytes = b.count("element_bytes");
  if (element_bytes < 1 || element_bytes > 8) {
    b.refuse("has elements of " + std::to_string(element_bytes) + " bytes");
  }
  tables.buffers.push_back(
      {static_cast<int>(element_bytes), b.flag("private")});
  const int first = b.index("first_stage"), last = b.index("last_stage");
  if (first < 0 || last < first) b.refuse("has no stages");
  const int64_t offset = b.count("offset"), bytes = b.count("bytes");
  if (!node.seen.emplace(b.index("tensor"), offset, bytes, first, last)
           .second) {
    return;
  }
  const Box box = b.box("box");
  node.boxes.push_back({b.text("name"), offset, bytes, first, last,
                        b.count("slots"), box.rows(), box.columns(),
                        box.channels()});
}

void add_layer(const CheckedJson& a, const DrawnNode& node, int segment,
               const DrawnStage& tables, DrawnPlan& drawn) {
  const int number = a.index("layer");
  if (number < 0 || a.text("op") == "COPY") return;
  const DrawnStage::Port& port = row(tables.ports, a.index("out"), a);
  LayerShares& layer = drawn.layers[number];
  if (layer.name.empty()) layer.name = a.text("name");
  layer.op = a.text("op");
  if (a.has("weights")) layer.weights = a.member("weights").text("place");
  grow(layer.shape, port.box);
  const Box& b = port.box;
  layer.shares.push_back(
      {drawn.node, node.stage, segment, b.y0, b.y1, b.x0, b.x1, b.c0, b.c1});
}

void add_extra(const CheckedJson& of, const char* offset, const char* bytes,
               const char* name, int64_t times, DrawnNode& node) {
  node.boxes.push_back({name, of.count(offset), of.count(bytes) * times,
                        node.stage, node.stage, 0, 0, 0, 0});
}

// Rows that come from the coordinator and go to it.
void add_outside(const CheckedJson& p, const DrawnStage::Port& port,
                 const DrawnStage& tables, DrawnPlan& drawn) {
  const std::string owner = p.text("owner");
  if (!drawn.linked || (owner != "input" && owner != "output")) return;
  const int64_t bytes =
      port.box.elements() * row(tables.buffers, port.buffer, p).element_bytes;
  const auto way =
      owner == "input" ? std::pair(-1, drawn.node) : std::pair(drawn.node, -1);
  drawn.traffic[way] += bytes;
}

void add_stage(const CheckedJson& s, DrawnNode& node, DrawnPlan& drawn) {
  DrawnStage tables;
  const int segment = s.has("segment") ? s.index("segment") : node.stage;
  s.each("buffers", [&](const CheckedJson& b) { add_buffer(b, node, tables); });
  s.each("ports", [&](const CheckedJson& p) {
    tables.ports.push_back({p.box("box"), p.index("buffer")});
    add_outside(p, tables.ports.back(), tables, drawn);
  });
  int first = -1, last = -1;
  s.each("actors", [&](const CheckedJson& a) {
    add_layer(a, node, segment, tables, drawn);
    const int layer = a.index("layer");
    if (layer >= 0 && (first < 0 || layer < first)) first = layer;
    last = std::max(last, layer);
    if (a.has("accumulator_bytes")) {
      add_extra(a, "accumulator", "accumulator_bytes", "int32 sums", 1, node);
    }
  });
  if (s.has("slots")) {
    const CheckedJson slots = s.member("slots");
    const int64_t times = slots.count("count");
    if (times > 4096) slots.refuse("are too many");
    add_extra(slots, "offset", "bytes", "weights from storage", times, node);
  }
  node.stages.push_back({segment, first, last, s.count("arena_bytes"),
                         s.number("seconds"), s.text("bound"),
                         s.number("compute_s"), s.number("flash_s"),
                         s.number("storage_s"), s.number("check_s")});
  ++node.stage;
}

void add_regions(const CheckedJson& layout, Json& regions) {
  const int64_t first = layout.member("head").count("offset");
  if (first > 0) regions.push_back({"cursors and states", 0, first});
  constexpr std::pair<const char*, const char*> kRegions[] = {
      {"head", "program's head"},       {"record", "stage's record"},
      {"keep", "weights that stay"},    {"spill", "spill area"},
      {"link", "links to other nodes"}, {"variables", "variables"},
      {"room", "unpacked int4 weights"}};
  for (const auto& [key, name] : kRegions) {
    if (!layout.has(key)) continue;
    const CheckedJson region = layout.member(key);
    const int64_t bytes = region.count("bytes");
    if (bytes > 0) regions.push_back({name, region.count("offset"), bytes});
  }
}

void add_node(const CheckedJson& n, DrawnPlan& drawn) {
  DrawnNode node;
  add_regions(n.member("layout"), node.regions);
  n.each("stages", [&](const CheckedJson& s) { add_stage(s, node, drawn); });
  Json j{{"name", n.text("name")}, {"board", n.text("board")}};
  for (const char* key :
       {"arena_bytes", "fixed_bytes", "program_bytes", "macs",
        "weight_read_bytes", "sent_bytes", "received_bytes",
        "storage_read_bytes", "storage_written_bytes", "flash_weight_bytes",
        "sram_weight_bytes", "tape_bytes"}) {
    j[key] = n.count(key);
  }
  j["seconds"] = n.number("seconds");
  j["bound_us"] = optional_number(n, "bound_us");
  j["budget_bytes"] = optional_number(n, "budget_bytes");
  j["storage"] = n.text("storage");
  j["regions"] = std::move(node.regions);
  j["stages"] = std::move(node.stages);
  j["memory"] = std::move(node.boxes);
  drawn.nodes.push_back(std::move(j));
  ++drawn.node;
}

int party(const CheckedJson& end, const DrawnPlan& drawn) {
  const int node = end.index("node");
  if (node >= drawn.node) end.refuse("names a node that is not there");
  return node;
}

void add_streams(const CheckedJson& plan, DrawnPlan& drawn) {
  if (!plan.has("streams")) return;
  plan.each("streams", [&](const CheckedJson& s) {
    const int from = party(s.member("from"), drawn);
    const int64_t bytes = s.count("bytes");
    s.each("to", [&](const CheckedJson& to) {
      drawn.traffic[{from, party(to, drawn)}] += bytes;
    });
  });
}

Json layers_json(const DrawnPlan& drawn) {
  Json list = Json::array();
  for (const auto& [number, layer] : drawn.layers) {
    const Box& b = layer.shape;
    list.push_back({{"layer", number},
                    {"op", layer.op},
                    {"name", layer.name},
                    {"shape", {b.y0, b.y1, b.x0, b.x1, b.c0, b.c1}},
                    {"weights", layer.weights ? Json(*layer.weights) : Json()},
                    {"shares", layer.shares}});
  }
  return list;
}

Json traffic_json(const DrawnPlan& drawn) {
  Json list = Json::array();
  for (const auto& [way, bytes] : drawn.traffic) {
    list.push_back({way.first, way.second, bytes});
  }
  return list;
}

Json left_out_json(const CheckedJson& plan) {
  Json list = Json::array();
  plan.each("nodes_left_out", [&](const CheckedJson& out) {
    list.push_back({out.text("name"), out.text("reason")});
  });
  return list;
}

}  // namespace

Json plan_view(const nlohmann::json& plan, const std::string& name) {
  const CheckedJson p(plan, name, kPlanFix);
  // `shoal plan --json` prints the same without what others run again.
  if (p.has("stored") && p.member("stored").count("format") != kFormat) {
    throw Error(Exit::kUsage, name + " is a plan of another version", kPlanFix);
  }
  DrawnPlan drawn;
  drawn.linked = p.flag("linked");
  if (p.member("nodes").value().size() > kMostNodes) {
    p.refuse("has more than " + std::to_string(kMostNodes) + " nodes");
  }
  p.each("nodes", [&](const CheckedJson& n) { add_node(n, drawn); });
  if (drawn.node == 0) p.refuse("has no nodes");
  add_streams(p, drawn);
  return {{"name", name},
          {"model", p.text("model")},
          {"strategy", p.text("strategy")},
          {"objective", p.text("objective")},
          {"macs", p.count("macs")},
          {"model_macs", p.count("model_macs")},
          {"traffic_bytes", p.count("traffic_bytes")},
          {"latency_us", p.number("latency_us")},
          {"bound_us", optional_number(p, "bound_us")},
          {"frames_per_s", optional_number(p, "frames_per_s")},
          {"energy_mj", optional_number(p, "energy_mj")},
          {"batch", p.has("batch") ? p.count("batch") : 1},
          {"linked", drawn.linked},
          {"layers", layers_json(drawn)},
          {"nodes", drawn.nodes},
          {"left_out", left_out_json(p)},
          {"traffic", traffic_json(drawn)}};
}

}  // namespace shoal
