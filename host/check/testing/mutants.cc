#include "host/check/testing/mutants.h"

#include <algorithm>

#include "host/check/testing/hand_plans.h"
#include "host/check/testing/stage_mutations.h"

namespace shoal {

void StageMutations::collect() {
  for (int b = 0; b < count(stage_.buffers); ++b) buffer(b);
  for (int p = 0; p < count(stage_.ports); ++p) port(p);
  for (int a = 0; a < count(stage_.actors); ++a) actor(a);
  for (int l = 0; l < count(stage_.loops); ++l) loop(l);
  order();
  storage();
  sums();
}

void StageMutations::order() {
  for (int r = 0; r < count(stage_.order); ++r) {
    const std::string name = "run " + std::to_string(r) + " ";
    for (int by : {-1, 1}) {
      shift(name + "firings", &PlanStage::order, r, &PlanRun::firings, by);
      shift(name + "actor", &PlanStage::order, r, &PlanRun::actor, by);
    }
    // Without any order the stage is data-driven.
    add(name + "dropped", count(stage_.order) == 1,
        [=](PlanStage& s) { s.order.erase(s.order.begin() + r); });
    if (r == 0) continue;
    add(name + "swapped with the one before", kMayBeRight,
        [=](PlanStage& s) { std::swap(s.order[r], s.order[r - 1]); });
  }
  add("another run", stage_.order.empty(), [](PlanStage& s) {
    s.order.push_back({0, 1});
  });
}

void StageMutations::sums() {
  const size_t first = all_.size();
  for (int by : {-1, 16}) {
    add("arena bytes", false, [=](PlanStage& s) { s.arena_bytes += by; });
  }
  add("MACs", false, [](PlanStage& s) { ++s.macs; });
  add("firings", false, [](PlanStage& s) { ++s.firings; });
  add("bytes read from storage", false,
      [](PlanStage& s) { s.storage_read_bytes += int64_t{1} << 30; });
  add("less bytes read from storage", false,
      [](PlanStage& s) { --s.storage_read_bytes; });
  add("written bytes", false, [](PlanStage& s) { ++s.storage_written_bytes; });
  if (stage_.weight_read_bytes > 0) {
    add("weight bytes", false, [](PlanStage& s) { s.weight_read_bytes = 0; });
  }
  for (size_t i = first; i < all_.size(); ++i) all_[i].of_sums = true;
}

namespace {

void add_layout(const PlanNode& node, std::vector<Mutation>& all) {
  std::vector<std::pair<const char*, uint32_t PlanLayout::*>> fields = {
      {"cursor count", &PlanLayout::cursor_count},
      {"state count", &PlanLayout::state_count},
      {"head bytes", &PlanLayout::head_bytes},
      {"record bytes", &PlanLayout::record_bytes},
      {"keep bytes", &PlanLayout::keep_bytes},
      {"spill bytes", &PlanLayout::spill_bytes},
      {"buffers", &PlanLayout::buffers}};
  // Where nothing lies is all one.
  if (node.layout.cursor_count) {
    fields.push_back({"cursors", &PlanLayout::cursors});
  }
  if (node.layout.state_count) {
    fields.push_back({"states", &PlanLayout::states});
  }
  if (node.layout.keep_bytes) fields.push_back({"keep", &PlanLayout::keep});
  if (node.layout.spill_bytes) fields.push_back({"spill", &PlanLayout::spill});
  fields.push_back({"variable bytes", &PlanLayout::variable_bytes});
  if (node.layout.variable_bytes) {
    fields.push_back({"variables", &PlanLayout::variables});
  }
  fields.push_back({"room bytes", &PlanLayout::room_bytes});
  if (node.layout.room_bytes) fields.push_back({"room", &PlanLayout::room});
  for (const auto& [name, field] : fields) {
    for (int by : {-16, -1, 1, 16}) {
      if (node.layout.*field == 0 && by < 0) continue;
      all.push_back(
          {std::string("layout: ") + name + " by " + std::to_string(by), false,
           [=, f = field](PlanNode& n) {
             n.layout.*f += static_cast<uint32_t>(by);
           }});
    }
  }
}

void add_banks(const PlanNode& node, std::vector<Mutation>& all) {
  for (size_t b = 0; b < node.banks.size(); ++b) {
    const std::string name = "bank " + std::to_string(b + 1) + " ";
    for (int by : {-16, -1, 1, 16}) {
      if (node.banks[b].bytes == 0 && by < 0) continue;
      all.push_back(
          {name + "by " + std::to_string(by), false, [=](PlanNode& n) {
             n.banks[b].bytes += static_cast<uint32_t>(by);
           }});
    }
    if (node.banks[b].bytes == 0) continue;
    all.push_back({name + "with less room", false, [=](PlanNode& n) {
                     n.banks[b].room = n.banks[b].bytes - 1;
                   }});
    all.push_back(
        {name + "taken away", false, [=](PlanNode& n) { n.banks.resize(b); }});
  }
  all.push_back({"too many banks", false,
                 [](PlanNode& n) { n.banks.resize(kMaxBanks + 1); }});
}

void add_spilling(const PlanNode& node, std::vector<Mutation>& all) {
  const auto add = [&](const std::string& what,
                       std::function<void(PlanNode&)> change) {
    all.push_back({what, false, std::move(change)});
  };
  for (int by : {-1, 1}) {
    add("pages by " + std::to_string(by),
        [=](PlanNode& n) { n.spill_pages += by; });
    add("page bytes by " + std::to_string(16 * by), [=](PlanNode& n) {
      n.spill_page_bytes += static_cast<uint32_t>(16 * by);
    });
  }
  if (node.spill_pages == 0) return;
  add("pages of 16 bytes", [](PlanNode& n) { n.spill_page_bytes = 16; });
}

void add_variables(const PlanNode& node, std::vector<Mutation>& all) {
  const auto add = [&](const std::string& what,
                       std::function<void(PlanNode&)> change) {
    all.push_back({what, false, std::move(change)});
  };
  for (size_t v = 0; v < node.variables.size(); ++v) {
    const std::string name = "variable " + std::to_string(v) + " ";
    for (int by : {-1, 1}) {
      add(name + "number", [=](PlanNode& n) { n.variables[v].variable += by; });
      add(name + "offset", [=](PlanNode& n) {
        n.variables[v].offset += static_cast<uint32_t>(16 * by);
      });
      for (int Box::*side :
           {&Box::y0, &Box::y1, &Box::x0, &Box::x1, &Box::c0, &Box::c1}) {
        add(name + "box", [=](PlanNode& n) { n.variables[v].box.*side += by; });
        // All that the node keeps of it, but not what is read or assigned.
        add(name + "and its buffers", [=](PlanNode& n) {
          n.variables[v].box.*side += by;
          for (PlanStage& s : n.stages) {
            for (PlanBuffer& b : s.buffers) {
              if (b.variable != n.variables[v].variable) continue;
              b.box.*side += by;
              b.slots = b.box.rows();
            }
          }
        });
      }
    }
    add(name + "dropped",
        [=](PlanNode& n) { n.variables.erase(n.variables.begin() + int(v)); });
    add(name + "twice",
        [=](PlanNode& n) { n.variables.push_back(n.variables[v]); });
    add(name + "is read in the copy that is written", [=](PlanNode& n) {
      for (PlanStage& s : n.stages) {
        for (PlanBuffer& b : s.buffers) {
          if (b.variable != n.variables[v].variable) continue;
          b.offset = n.variables[v].offset;
        }
      }
    });
    if (v == 0) continue;
    add(name + "swapped",
        [=](PlanNode& n) { std::swap(n.variables[v], n.variables[v - 1]); });
  }
}

void add_node(const PlanNode& node, std::vector<Mutation>& all) {
  const auto sum = [&](const std::string& what,
                       std::function<void(PlanNode&)> change) {
    all.push_back({what, false, std::move(change), true});
  };
  for (int by : {-16, -1, 16}) {
    sum("arena bytes by " + std::to_string(by),
        [=](PlanNode& n) { n.arena_bytes += static_cast<uint32_t>(by); });
  }
  sum("MACs of the node", [](PlanNode& n) { ++n.macs; });
  sum("weight bytes of the node", [](PlanNode& n) { ++n.weight_read_bytes; });
  sum("sends", [](PlanNode& n) { ++n.sent_bytes; });
  sum("writes", [](PlanNode& n) { ++n.storage_written_bytes; });
  sum("reads", [](PlanNode& n) { ++n.storage_read_bytes; });
  sum("weights in flash", [](PlanNode& n) { ++n.flash_weight_bytes; });
  sum("weights in SRAM", [](PlanNode& n) { ++n.sram_weight_bytes; });
  sum("weights on the tape", [](PlanNode& n) { ++n.tape_bytes; });
  sum("mapped", [](PlanNode& n) { n.mapped = !n.mapped; });
  if (node.storage.empty()) {
    sum("sealed", [](PlanNode& n) { n.sealed = true; });
  } else {
    sum("no storage", [](PlanNode& n) { n.storage.clear(); });
  }
  add_spilling(node, all);
  add_variables(node, all);
  for (size_t s = 0; s < node.stages.size(); ++s) {
    const std::string name = "stage " + std::to_string(s) + " ";
    all.push_back({name + "dropped", false,
                   [=](PlanNode& n) { n.stages.erase(n.stages.begin() + s); }});
    all.push_back({name + "twice", false, [=](PlanNode& n) {
                     const PlanStage copy = n.stages[s];
                     n.stages.insert(n.stages.begin() + s, copy);
                   }});
    if (s == 0) continue;
    all.push_back(
        {name + "swapped with the one before", false,
         [=](PlanNode& n) { std::swap(n.stages[s], n.stages[s - 1]); }});
  }
}

// The bytes of a set in SRAM; 0 if the actor has been spoiled too much to say.
uint32_t set_bytes(const Net& net, const PlanStage& stage, const PlanActor& a) {
  const auto has_port = [&](int p) {
    return p >= 0 && size_t(p) < stage.ports.size() &&
           size_t(stage.ports[p].buffer) < stage.buffers.size();
  };
  if (a.layer < 0 || size_t(a.layer) >= net.layers.size() || !has_port(a.out) ||
      !has_port(a.in[0])) {
    return 0;
  }
  uint32_t bytes = 0;
  for (const PlanChunk& c : a.weights.chunks) {
    bytes += align_up(hand_chunk_bytes(net, stage, a, c) + kTagBytes);
  }
  return bytes;
}

uint32_t stage_end(const Net& net, const PlanNode& node, int s) {
  uint32_t end = node.layout.buffers;
  for (const PlanStage& stage : node.stages) {
    for (const PlanBuffer& b : stage.buffers) {
      if (b.first_stage > s || b.last_stage < s) continue;
      end = std::max(end, b.offset + b.bytes());
    }
  }
  for (const PlanActor& a : node.stages[s].actors) {
    end = std::max(end, a.accumulator + a.accumulator_bytes);
  }
  for (const PlanActor& a : node.stages[s].actors) {
    const PlanWeights& w = a.weights;
    if (w.place != WeightPlace::kSram || w.keep || w.chunks.empty()) continue;
    end = std::max(end, w.offset + set_bytes(net, node.stages[s], a));
  }
  for (const PlanSpill& spill : node.stages[s].spills) {
    end = std::max(end, spill.offset + node.spill_page_bytes);
  }
  const PlanStage& stage = node.stages[s];
  if (stage.slot_count) {
    end = std::max(end, stage.slots + stage.slot_bytes * stage.slot_count);
  }
  return end;
}

int64_t actor_steps(const PlanStage& stage, const PlanActor& a) {
  if (a.band <= 0 || a.out < 0 || size_t(a.out) >= stage.ports.size()) return 0;
  return (stage.ports[a.out].box.rows() + int64_t{a.band} - 1) / a.band;
}

int64_t actor_firings(const Net& net, const PlanStage& stage,
                      const PlanActor& a) {
  const bool exists =
      a.layer >= 0 && static_cast<size_t>(a.layer) < net.layers.size();
  if (!exists || a.part <= 0) return 0;
  const int kernel = net.layers[a.layer].kernel_h;
  return actor_steps(stage, a) * ((kernel + a.part - 1) / a.part);
}

void restate_written(PlanNode& node, PlanStage& stage) {
  stage.storage_written_bytes = 0;
  for (const PlanSpill& spill : stage.spills) {
    const bool exists =
        spill.port >= 0 && static_cast<size_t>(spill.port) < stage.ports.size();
    if (!exists || !stage.ports[spill.port].is_read) continue;
    stage.storage_written_bytes += int64_t{spill.pages} * node.spill_page_bytes;
  }
  node.storage_written_bytes += stage.storage_written_bytes;
}

}  // namespace

void restate(const Net& net, PlanNode& node) {
  node.arena_bytes = 0;
  node.storage_written_bytes = 0;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    PlanStage& stage = node.stages[s];
    stage.arena_bytes = stage_end(net, node, static_cast<int>(s));
    node.arena_bytes = std::max(node.arena_bytes, stage.arena_bytes);
    restate_written(node, stage);
    stage.firings = 0;
    for (const PlanActor& a : stage.actors) {
      const int l = a.loop;
      const bool looped = l >= 0 && static_cast<size_t>(l) < stage.loops.size();
      const PlanLoop loop = looped ? stage.loops[l] : PlanLoop{};
      const auto index = &a - stage.actors.data();
      if (looped && index != loop.first_actor + loop.actors - 1) continue;
      stage.firings += actor_firings(net, stage, a);
    }
  }
}

std::vector<Mutation> mutations(const Net& net, const PlanNode& node) {
  std::vector<Mutation> all;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    StageMutations(net, node, static_cast<int>(s), all).collect();
  }
  add_layout(node, all);
  add_banks(node, all);
  add_node(node, all);
  return all;
}

}  // namespace shoal
