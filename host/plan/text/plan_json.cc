#include "host/plan/text/plan_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "host/plan/cost/wear.h"
#include "host/plan/text/left_out.h"
#include "host/plan/text/op_names.h"
#include "host/plan/types/plan_segments.h"

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

Json box_json(const Box& b) { return {b.y0, b.y1, b.x0, b.x1, b.c0, b.c1}; }

Json buffer_json(const Net& net, const PlanBuffer& b) {
  Json j{{"tensor", b.tensor},        {"name", net.tensors[b.tensor].name},
         {"box", box_json(b.box)},    {"element_bytes", b.element_bytes},
         {"slots", b.slots},          {"offset", b.offset},
         {"bytes", b.bytes()},        {"first_stage", b.first_stage},
         {"last_stage", b.last_stage}};
  if (b.turned) j["turned"] = true;
  if (b.complete) j["complete"] = true;
  if (b.is_private) j["private"] = true;
  if (b.overlay >= 0) j["overlay"] = b.overlay;
  return j;
}

Json port_json(const PlanPort& p) {
  return {{"buffer", p.buffer},
          {"box", box_json(p.box)},
          {"direction", p.is_read ? "read" : "write"},
          {"owner", kOwners[static_cast<size_t>(p.owner)]},
          {"index", p.owner_index}};
}

Json actor_json(const Net& net, const PlanActor& a) {
  Json j{{"layer", a.layer}};
  if (a.copy) {
    j["op"] = "COPY";
  } else {
    const Layer& layer = net.layers[a.layer];
    j["op"] = layer_op_name(layer.op);
    j["name"] = layer.name;
    j["file_op"] = layer.file_op;
  }
  j["in"] = Json::array();
  j["out"] = a.out;
  j["band"] = a.band;
  j["part"] = a.part;
  if (!a.init) j["partial"] = a.partial;
  if (!a.final) j["sums"] = true;
  for (int in : a.in) {
    if (in >= 0) j["in"].push_back(in);
  }
  if (!a.weights.chunks.empty()) {
    j["weights"] = {{"place", kPlaces[static_cast<size_t>(a.weights.place)]},
                    {"parts", a.weights.parts},
                    {"groups", a.weights.groups}};
    if (a.weights.place == WeightPlace::kSram) {
      j["weights"]["offset"] = a.weights.offset;
      j["weights"]["keep"] = a.weights.keep;
      if (a.weights.bank) j["weights"]["bank"] = a.weights.bank;
    }
  }
  if (a.accumulator_bytes) {
    j["accumulator"] = a.accumulator;
    j["accumulator_bytes"] = a.accumulator_bytes;
  }
  return j;
}

Json spill_json(const PlanStage& s, const PlanSpill& spill) {
  const PlanPort& port = s.ports[spill.port];
  const PlanBuffer& b = s.buffers[port.buffer];
  return {{"port", spill.port},
          {"tensor", b.tensor},
          {"direction", port.is_read ? "write" : "read"},
          {"bytes", port.box.elements() * b.element_bytes},
          {"first_page", spill.first_page},
          {"pages", spill.pages},
          {"offset", spill.offset}};
}

Json stage_json(const Net& net, const PlanStage& s, bool linked) {
  Json j{{"layers", Json::array()}, {"arena_bytes", s.arena_bytes},
         {"bound", s.bound},        {"seconds", s.seconds},
         {"macs", s.macs},          {"weight_read_bytes", s.weight_read_bytes},
         {"firings", s.firings},    {"compute_s", s.compute_s},
         {"flash_s", s.flash_s},    {"storage_s", s.storage_s},
         {"check_s", s.check_s}};
  j["storage_read_bytes"] = s.storage_read_bytes;
  j["storage_written_bytes"] = s.storage_written_bytes;
  for (const char* table : {"buffers", "ports", "actors"}) {
    j[table] = Json::array();
  }
  if (s.slot_count) {
    j["slots"] = {
        {"offset", s.slots}, {"bytes", s.slot_bytes}, {"count", s.slot_count}};
  }
  if (linked) j["segment"] = s.segment;
  for (const PlanActor& a : s.actors) {
    if (!a.copy) j["layers"].push_back(a.layer);
    j["actors"].push_back(actor_json(net, a));
  }
  for (const PlanBuffer& b : s.buffers) {
    j["buffers"].push_back(buffer_json(net, b));
  }
  for (const PlanRun& r : s.order) j["order"].push_back({r.actor, r.firings});
  for (const PlanPort& p : s.ports) j["ports"].push_back(port_json(p));
  for (const PlanSpill& spill : s.spills) {
    j["spills"].push_back(spill_json(s, spill));
  }
  return j;
}

Json layout_json(const PlanLayout& l) {
  Json j{{"cursors", {{"offset", l.cursors}, {"count", l.cursor_count}}},
         {"states", {{"offset", l.states}, {"count", l.state_count}}},
         {"head", {{"offset", l.head}, {"bytes", l.head_bytes}}},
         {"record", {{"offset", l.record}, {"bytes", l.record_bytes}}},
         {"buffers", l.buffers}};
  const auto add = [&j](const char* part, uint32_t offset, uint32_t bytes) {
    if (bytes) j[part] = {{"offset", offset}, {"bytes", bytes}};
  };
  add("keep", l.keep, l.keep_bytes);
  add("spill", l.spill, l.spill_bytes);
  add("link", l.link, l.link_bytes);
  add("variables", l.variables, l.variable_bytes);
  add("room", l.room, l.room_bytes);
  return j;
}

// Returns the node's number, or the coordinator.
Json party(int node) { return node < 0 ? Json("coordinator") : Json(node); }

Json stream_json(const Net& net, const PlanStream& s) {
  const auto end = [](const PlanStream::End& e) {
    return Json{{"node", e.node}, {"stage", e.stage}, {"port", e.port}};
  };
  Json j{{"tensor", s.tensor},     {"name", net.tensors[s.tensor].name},
         {"box", box_json(s.box)}, {"element_bytes", s.element_bytes},
         {"bytes", s.bytes()},     {"from", end(s.from)},
         {"to", Json::array()}};
  for (const PlanStream::End& e : s.to) j["to"].push_back(end(e));
  return j;
}

Json segment_json(const SegmentSummary& s) {
  Json j{{"segment", s.number},
         {"nodes", s.nodes},
         {"cuts", Json::array()},
         {"seconds", s.seconds},
         {"slowest_node", s.slowest_node},
         {"bound", s.bound},
         {"macs", s.macs},
         {"input_bytes", s.input_bytes},
         {"exchanged_bytes", s.exchanged_bytes},
         {"output_bytes", s.output_bytes}};
  for (const CutRun& c : s.cuts) {
    j["cuts"].push_back({{"first_layer", c.first_layer},
                         {"last_layer", c.last_layer},
                         {"cut", c.cut},
                         {"nodes", c.nodes}});
  }
  return j;
}

// Returns null if the storage lives forever.
Json life_json(const Net& net, const PlanNode& n) {
  const Storage* const storage = named_storage(n);
  const double frames =
      storage ? frames_of_life(n, *storage) * net.frames : HUGE_VAL;
  return std::isinf(frames) ? Json() : Json(frames);
}

Json node_json(const Net& net, const PlanNode& n, bool linked) {
  Json j{{"name", n.name},
         {"board", n.board},
         {"arena_bytes", n.arena_bytes},
         {"fixed_bytes", n.fixed_bytes},
         {"program_bytes", n.program_bytes},
         {"macs", n.macs},
         {"weight_read_bytes", n.weight_read_bytes},
         {"weight_bytes_read", n.weight_read_bytes},
         {"sent_bytes", n.sent_bytes},
         {"received_bytes", n.received_bytes},
         {"storage_read_bytes", n.storage_read_bytes},
         {"storage_written_bytes", n.storage_written_bytes},
         {"replay_bytes", linked ? 0 : replay_bytes(net, n)},
         {"seconds", n.seconds},
         {"mapped", n.mapped},
         {"storage", n.storage},
         {"sealed", n.sealed},
         {"flash_weight_bytes", n.flash_weight_bytes},
         {"sram_weight_bytes", n.sram_weight_bytes},
         {"tape_bytes", n.tape_bytes},
         {"spill_pages", n.spill_pages},
         {"spill_page_bytes", n.spill_page_bytes},
         {"life_frames", life_json(net, n)},
         {"layout", layout_json(n.layout)},
         {"banks", banks_json<Json>(n)},
         {"stages", Json::array()}};
  for (const PlanVariable& v : n.variables) {
    j["variables"].push_back({{"variable", v.variable},
                              {"name", net.variables[v.variable].name},
                              {"box", box_json(v.box)},
                              {"bytes", v.bytes()},
                              {"offset", v.offset}});
  }
  if (net.frames > 1) {
    const double frames = net.frames;
    j["per_frame"] = {{"seconds", n.seconds / frames},
                      {"frames_per_s", frames / n.seconds},
                      {"weight_read_bytes",
                       static_cast<double>(n.weight_read_bytes) / frames},
                      {"storage_read_bytes",
                       static_cast<double>(n.storage_read_bytes) / frames},
                      {"storage_written_bytes",
                       static_cast<double>(n.storage_written_bytes) / frames}};
  }
  if (linked) {
    j["poll_gap_us"] = n.poll_gap_us;
    j["gaps"] = n.gaps;
    for (const PlanPeer& p : n.peers) {
      j["peers"].push_back({{"node", party(p.node)}, {"window", p.window}});
    }
  }
  for (const PlanStage& s : n.stages) {
    j["stages"].push_back(stage_json(net, s, linked));
  }
  return j;
}

// This order is taken instead of the file's, whose plan has these figures.
Json order_json(const PlanOrder& order) {
  const bool fits = order.own_arena_bytes > 0;
  return {{"layers", order.layers},
          {"file_arena_bytes", fits ? Json(order.own_arena_bytes) : Json()},
          {"file_latency_s", fits ? Json(order.own_latency_s) : Json()}};
}

Json replicas_json(const Replicas& r) {
  Json j{{"frames_per_s", frames_per_s(r)},
         {"latency_us", latency_s(r) * 1e6},
         {"arena_bytes", arena_bytes(r)},
         {"nodes", Json::array()},
         {"does_not_fit", r.does_not_fit}};
  for (const Replica& n : r.nodes) {
    j["nodes"].push_back({{"name", n.node},
                          {"latency_us", n.latency_s * 1e6},
                          {"arena_bytes", n.arena_bytes}});
  }
  return j;
}

void add_figures(const PlanFigures& f, Json& j) {
  j["frames_per_s"] = f.frames_per_s;
  j["frames_under_way"] = f.frames_under_way;
  j["energy_mj"] = f.energy_j ? Json(*f.energy_j * 1e3) : Json();
  if (f.replicas) j["replicas"] = replicas_json(*f.replicas);
}

}  // namespace

std::string plan_json(const Net& net, const Plan& plan, const LowerBound* bound,
                      const Budgets& budgets, const PlanFigures* figures) {
  Json j{{"model", net.name},
         {"strategy", plan.strategy},
         {"objective", objective_name(plan.objective)},
         {"macs", plan.macs},
         {"model_macs", plan.model_macs},
         {"traffic_bytes", plan.traffic_bytes},
         {"latency_s", plan.latency_s},
         {"latency_us", plan.latency_s * 1e6},
         {"latency_kind", "modelled"},
         {"macs_ratio", macs_ratio(plan)},
         {"bound_us", bound ? Json(bound->latency_s * 1e6) : Json()},
         {"nodes", Json::array()},
         {"nodes_left_out", Json::array()}};
  if (figures) add_figures(*figures, j);
  if (net.frames > 1) j["batch"] = net.frames;  // of the whole batch
  if (!plan.order.layers.empty()) j["order"] = order_json(plan.order);
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    Json node = node_json(net, plan.nodes[n], plan.linked);
    if (bound && n < bound->nodes_s.size()) {
      node["bound_us"] = bound->nodes_s[n] * 1e6;
    }
    node["budget_bytes"] =
        n < budgets.size() && budgets[n] ? Json(*budgets[n]) : Json();
    j["nodes"].push_back(std::move(node));
  }
  for (const LeftOut& out : left_out(plan, budgets)) {
    j["nodes_left_out"].push_back({{"name", out.name}, {"reason", out.reason}});
  }
  if (plan.linked) {
    j["linked"] = true;
    j["segments"] = Json::array();
    for (const SegmentSummary& s : summarize_segments(plan)) {
      j["segments"].push_back(segment_json(s));
    }
    j["streams"] = Json::array();
    for (const PlanStream& s : plan.streams) {
      j["streams"].push_back(stream_json(net, s));
    }
  }
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace shoal
