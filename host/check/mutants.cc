#include "host/check/mutants.h"

#include <algorithm>

namespace shoal {
namespace {

constexpr bool kMayBeRight = true;

// Collects mutations of one stage.
class StageMutations {
 public:
  StageMutations(const Net& net, const PlanNode& node, int stage,
                 std::vector<Mutation>& all)
      : net_(net), stage_(node.stages[stage]), index_(stage), all_(all) {}

  void collect() {
    for (int b = 0; b < count(stage_.buffers); ++b) buffer(b);
    for (int p = 0; p < count(stage_.ports); ++p) port(p);
    for (int a = 0; a < count(stage_.actors); ++a) actor(a);
    for (int l = 0; l < count(stage_.loops); ++l) loop(l);
    order();
    sums();
  }

 private:
  template <class T>
  static int count(const std::vector<T>& v) {
    return static_cast<int>(v.size());
  }

  void add(const std::string& what, bool may_be_right,
           std::function<void(PlanStage&)> change) {
    all_.push_back(
        {"stage " + std::to_string(index_) + ": " + what, may_be_right,
         [s = index_, change](PlanNode& node) { change(node.stages[s]); }});
  }
  // `field` of element `i` of a table, moved by `by`.
  template <class T, class F>
  void shift(const std::string& name, std::vector<T> PlanStage::*table, int i,
             F T::*field, int by, bool may_be_right = false) {
    add(name + " by " + std::to_string(by), may_be_right,
        [=](PlanStage& s) { (s.*table)[i].*field += by; });
  }

  void buffer(int b) {
    const std::string name = "buffer " + std::to_string(b) + " ";
    const PlanBuffer& it = stage_.buffers[b];
    const auto move = [&](const char* what, auto field, int by, bool may) {
      shift(name + what, &PlanStage::buffers, b, field, by, may);
    };
    move("slots", &PlanBuffer::slots, -1, kMayBeRight);
    move("slots", &PlanBuffer::slots, 1, kMayBeRight);
    move("slots", &PlanBuffer::slots, -it.slots, false);
    move("offset", &PlanBuffer::offset, 1, false);
    move("offset", &PlanBuffer::offset, 16, kMayBeRight);
    move("offset", &PlanBuffer::offset, -16, kMayBeRight);
    move("offset", &PlanBuffer::offset, -static_cast<int>(it.offset), false);
    move("first stage", &PlanBuffer::first_stage, 1, false);
    move("first stage", &PlanBuffer::first_stage, -1, kMayBeRight);
    move("last stage", &PlanBuffer::last_stage, 1, kMayBeRight);
    move("last stage", &PlanBuffer::last_stage, -1, false);
    move("element bytes", &PlanBuffer::element_bytes, 1, false);
    for (int other = 0; other < count(stage_.buffers); ++other) {
      if (other == b) continue;
      const std::string to = " of buffer " + std::to_string(other);
      const bool shared =
          it.overlay == other || stage_.buffers[other].overlay == b;
      add(name + "at the offset" + to, shared,
          [=](PlanStage& s) { s.buffers[b].offset = s.buffers[other].offset; });
      if (it.tensor != stage_.buffers[other].tensor) {
        add(name + "has the tensor" + to, false, [=](PlanStage& s) {
          s.buffers[b].tensor = s.buffers[other].tensor;
        });
      }
      if (it.overlay == other) continue;
      add(name + "may overlay buffer " + std::to_string(other), kMayBeRight,
          [=](PlanStage& s) { s.buffers[b].overlay = other; });
    }
    if (it.overlay >= 0) {
      add(name + "overlays nothing", false,
          [=](PlanStage& s) { s.buffers[b].overlay = -1; });
    }
    add(name + "complete flag", false,
        [=](PlanStage& s) { s.buffers[b].complete = !s.buffers[b].complete; });
    add(name + "private flag", false, [=](PlanStage& s) {
      s.buffers[b].is_private = !s.buffers[b].is_private;
    });
    box(name, false, [=](PlanStage& s) -> Box& { return s.buffers[b].box; });
  }

  // Each side of a box one in and one out.
  void box(const std::string& name, bool may_be_right,
           std::function<Box&(PlanStage&)> get) {
    const std::pair<const char*, int Box::*> sides[] = {
        {"y0", &Box::y0}, {"y1", &Box::y1}, {"x0", &Box::x0},
        {"x1", &Box::x1}, {"c0", &Box::c0}, {"c1", &Box::c1}};
    for (const auto& [side, field] : sides) {
      for (int by : {-1, 1}) {
        add(name + side + " by " + std::to_string(by), may_be_right,
            [=, f = field](PlanStage& s) { get(s).*f += by; });
      }
    }
  }

  void port(int p) {
    const std::string name = "port " + std::to_string(p) + " ";
    const PlanPort& it = stage_.ports[p];
    // A row or column that no window reaches may be left out of a port.
    const bool spare = it.is_read && it.owner == Owner::kActor;
    box(name, spare, [=](PlanStage& s) -> Box& { return s.ports[p].box; });
    for (int by : {-1, 1}) {
      shift(name + "buffer", &PlanStage::ports, p, &PlanPort::buffer, by);
      shift(name + "owner", &PlanStage::ports, p, &PlanPort::owner_index, by);
    }
    add(name + "direction", false,
        [=](PlanStage& s) { s.ports[p].is_read = !s.ports[p].is_read; });
    for (Owner owner : {Owner::kActor, Owner::kInput, Owner::kOutput}) {
      if (owner == it.owner) continue;
      add(name + "kind of owner", false,
          [=](PlanStage& s) { s.ports[p].owner = owner; });
    }
    add(name + "dropped", false, [=](PlanStage& s) { drop_port(s, p); });
    add(name + "twice", false, [=](PlanStage& s) {
      const PlanPort copy = s.ports[p];
      s.ports.insert(s.ports.begin() + p, copy);
      renumber(s, [=](int port) { return port > p ? port + 1 : port; });
    });
    if (p == 0) return;
    // Two outputs may be the same box.
    const bool callers =
        it.owner != Owner::kActor && stage_.ports[p - 1].owner != Owner::kActor;
    add(name + "swapped with the one before", callers,
        [=](PlanStage& s) { std::swap(s.ports[p], s.ports[p - 1]); });
  }

  static void renumber(PlanStage& s, const std::function<int(int)>& to) {
    for (PlanActor& a : s.actors) {
      for (int* port : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
        if (*port >= 0) *port = to(*port);
      }
    }
  }
  static void drop_port(PlanStage& s, int p) {
    s.ports.erase(s.ports.begin() + p);
    renumber(s, [=](int port) {
      return port == p ? -1 : port > p ? port - 1 : port;
    });
  }

  void actor(int a) {
    const std::string name = "actor " + std::to_string(a) + " ";
    const PlanActor& it = stage_.actors[a];
    const auto move = [&](const char* what, auto field, int by, bool may) {
      shift(name + what, &PlanStage::actors, a, field, by, may);
    };
    move("layer", &PlanActor::layer, 1, false);
    move("layer", &PlanActor::layer, -1, false);
    move("out", &PlanActor::out, 1, false);
    move("out", &PlanActor::out, -1, false);
    move("partial", &PlanActor::partial, 1, false);
    move("band", &PlanActor::band, 1, kMayBeRight);
    move("band", &PlanActor::band, -1, kMayBeRight);
    move("band", &PlanActor::band, 0x10000, false);
    move("part", &PlanActor::part, 1, kMayBeRight);
    move("part", &PlanActor::part, -1, kMayBeRight);
    move("part", &PlanActor::part, -it.part, false);
    move("slices", &PlanActor::slices, 1, kMayBeRight);
    move("slices", &PlanActor::slices, -1, false);
    move("slices", &PlanActor::slices, 0x10000, false);
    move("loop", &PlanActor::loop, 1, false);
    move("loop", &PlanActor::loop, -2, false);
    for (int by : {-4, 4}) {
      move("sums' bytes", &PlanActor::accumulator_bytes, by, false);
    }
    if (it.accumulator_bytes) {
      move("sums", &PlanActor::accumulator, 4, false);
      for (int b = 0; b < count(stage_.buffers); ++b) {
        add(name + "sums over a buffer", false, [=](PlanStage& s) {
          s.actors[a].accumulator = s.buffers[b].offset;
        });
      }
      add(name + "sums over the cursors", false,
          [=](PlanStage& s) { s.actors[a].accumulator = 0; });
    }
    add(name + "starts from other sums", false,
        [=](PlanStage& s) { s.actors[a].init = !s.actors[a].init; });
    add(name + "does not finish", false,
        [=](PlanStage& s) { s.actors[a].final = !s.actors[a].final; });
    for (int i = 0; i < 2; ++i) {
      for (int by : {-1, 1}) {
        add(name + "operand by " + std::to_string(by), false,
            [=](PlanStage& s) { s.actors[a].in[i] += by; });
      }
    }
    weights(a, name);
    whole_actor(a, name, it);
  }

  void weights(int a, const std::string& name) {
    const auto change = [&](const std::string& what, bool may,
                            std::function<void(PlanWeights&)> f) {
      add(name + what, may, [=](PlanStage& s) { f(s.actors[a].weights); });
    };
    const PlanWeights& it = stage_.actors[a].weights;
    change("with another chunk", false, [](PlanWeights& w) {
      w.chunks.push_back({0, 1, 0, 1});
    });
    if (it.chunks.empty()) return;
    for (int by : {-1, 1}) {
      change("parts", false, [=](PlanWeights& w) { w.parts += by; });
      change("groups", false, [=](PlanWeights& w) { w.groups += by; });
    }
    change("in the other place", false, [](PlanWeights& w) {
      const bool mapped = w.place == WeightPlace::kMapped;
      w.place = mapped ? WeightPlace::kTape : WeightPlace::kMapped;
    });
    for (int c = 0; c < count(it.chunks); ++c) {
      const std::string chunk = "chunk " + std::to_string(c) + " ";
      const std::pair<const char*, int PlanChunk::*> fields[] = {
          {"out0", &PlanChunk::out0},
          {"out_n", &PlanChunk::out_n},
          {"in0", &PlanChunk::in0},
          {"in_n", &PlanChunk::in_n}};
      for (const auto& [field, member] : fields) {
        for (int by : {-1, 1}) {
          change(chunk + field, false,
                 [=, m = member](PlanWeights& w) { w.chunks[c].*m += by; });
        }
      }
      change(chunk + "dropped", false,
             [=](PlanWeights& w) { w.chunks.erase(w.chunks.begin() + c); });
      if (c == 0) continue;
      change(chunk + "swapped", false,
             [=](PlanWeights& w) { std::swap(w.chunks[c], w.chunks[c - 1]); });
    }
  }

  void whole_actor(int a, const std::string& name, const PlanActor& it) {
    add(name + "dropped with its ports", false, [=](PlanStage& s) {
      for (int p = count(s.ports) - 1; p >= 0; --p) {
        if (owned(s.ports[p], a)) drop_port(s, p);
      }
      s.actors.erase(s.actors.begin() + a);
      for (PlanPort& p : s.ports) {
        if (p.owner == Owner::kActor && p.owner_index > a) --p.owner_index;
      }
    });
    add(name + "twice with its ports", false, [=](PlanStage& s) {
      const int copy = count(s.actors);
      s.actors.push_back(s.actors[a]);
      for (int p = count(s.ports) - 1; p >= 0; --p) {
        if (!owned(s.ports[p], a)) continue;
        PlanPort port = s.ports[p];
        port.owner_index = copy;
        s.ports.insert(s.ports.begin() + p + 1, port);
        renumber(s, [=](int q) { return q > p ? q + 1 : q; });
        PlanActor& twin = s.actors[copy];
        for (int* q : {&twin.in[0], &twin.in[1], &twin.partial, &twin.out}) {
          if (*q == p) *q = p + 1;
        }
      }
    });
    if (a == 0) return;
    add(name + "swapped with the one before", kMayBeRight, [=](PlanStage& s) {
      std::swap(s.actors[a], s.actors[a - 1]);
      for (PlanPort& p : s.ports) {
        if (owned(p, a)) {
          p.owner_index = a - 1;
        } else if (owned(p, a - 1)) {
          p.owner_index = a;
        }
      }
    });
    if (it.layer == stage_.actors[a - 1].layer) return;
    add(name + "makes the layer of the one before", false,
        [=](PlanStage& s) { s.actors[a].layer = s.actors[a - 1].layer; });
  }
  static bool owned(const PlanPort& p, int actor) {
    return p.owner == Owner::kActor && p.owner_index == actor;
  }

  void loop(int l) {
    const std::string name = "loop " + std::to_string(l) + " ";
    for (int by : {-1, 1}) {
      const auto move = [&](const char* what, auto field, bool may) {
        shift(name + what, &PlanStage::loops, l, field, by, may);
      };
      move("first actor", &PlanLoop::first_actor, false);
      move("actors", &PlanLoop::actors, false);
      move("iterations", &PlanLoop::iterations, false);
      move("band", &PlanLoop::band, false);
    }
  }

  void order() {
    for (int r = 0; r < count(stage_.order); ++r) {
      const std::string name = "run " + std::to_string(r) + " ";
      for (int by : {-1, 1}) {
        shift(name + "firings", &PlanStage::order, r, &PlanRun::firings, by);
        shift(name + "actor", &PlanStage::order, r, &PlanRun::actor, by);
      }
      add(name + "dropped", false,
          [=](PlanStage& s) { s.order.erase(s.order.begin() + r); });
      if (r == 0) continue;
      add(name + "swapped with the one before", kMayBeRight,
          [=](PlanStage& s) { std::swap(s.order[r], s.order[r - 1]); });
    }
    add("another run", stage_.order.empty(), [](PlanStage& s) {
      s.order.push_back({0, 1});
    });
  }

  void sums() {
    const size_t first = all_.size();
    for (int by : {-1, 16}) {
      add("arena bytes", false, [=](PlanStage& s) { s.arena_bytes += by; });
    }
    add("MACs", false, [](PlanStage& s) { ++s.macs; });
    add("firings", false, [](PlanStage& s) { ++s.firings; });
    if (stage_.weight_read_bytes > 0) {
      add("weight bytes", false, [](PlanStage& s) { s.weight_read_bytes = 0; });
    }
    for (size_t i = first; i < all_.size(); ++i) all_[i].of_sums = true;
  }

  const Net& net_;
  const PlanStage& stage_;
  const int index_;
  std::vector<Mutation>& all_;
};

void add_layout(const PlanNode& node, std::vector<Mutation>& all) {
  const std::pair<const char*, uint32_t PlanLayout::*> fields[] = {
      {"cursors", &PlanLayout::cursors},
      {"cursor count", &PlanLayout::cursor_count},
      {"states", &PlanLayout::states},
      {"state count", &PlanLayout::state_count},
      {"head bytes", &PlanLayout::head_bytes},
      {"record bytes", &PlanLayout::record_bytes},
      {"slot bytes", &PlanLayout::slot_bytes},
      {"slot count", &PlanLayout::slot_count},
      {"buffers", &PlanLayout::buffers}};
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

uint32_t stage_end(const PlanNode& node, int s) {
  uint32_t end = node.layout.buffers;
  for (const PlanStage& stage : node.stages) {
    for (const PlanBuffer& b : stage.buffers) {
      if (b.first_stage > s || b.last_stage < s) continue;
      end = std::max(end, b.offset + b.bytes());
    }
  }
  for (const PlanActor& a : node.stages[s].actors) {
    if (!a.accumulator_bytes) continue;
    end = std::max(end, a.accumulator + a.accumulator_bytes);
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

}  // namespace

void restate(const Net& net, PlanNode& node) {
  node.arena_bytes = 0;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    PlanStage& stage = node.stages[s];
    stage.arena_bytes = stage_end(node, static_cast<int>(s));
    node.arena_bytes = std::max(node.arena_bytes, stage.arena_bytes);
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
  add_node(node, all);
  return all;
}

}  // namespace shoal
