#include <algorithm>

#include "host/check/testing/stage_mutations.h"

namespace shoal {

void StageMutations::actor(int a) {
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
  move("slices", &PlanActor::slices, -1, it.slices > 1);
  move("slices", &PlanActor::slices, 0x10000, false);
  add(name + "copies, or does not", false,
      [=](PlanStage& s) { s.actors[a].copy = !s.actors[a].copy; });
  move("loop", &PlanActor::loop, 1, false);
  move("loop", &PlanActor::loop, -2, false);
  for (int by : {-4, 4}) {
    move("sums' bytes", &PlanActor::accumulator_bytes, by, false);
  }
  if (it.accumulator_bytes) {
    move("sums", &PlanActor::accumulator, 4, false);
    for (int b = 0; b < count(stage_.buffers); ++b) {
      add(name + "sums over a buffer", false,
          [=](PlanStage& s) { s.actors[a].accumulator = s.buffers[b].offset; });
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

void StageMutations::weights(int a, const std::string& name) {
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
  // Weights that lay in SRAM for one stage only may as well be mapped.
  const bool sram = it.place == WeightPlace::kSram && !it.keep;
  change("in the other place", sram, [](PlanWeights& w) {
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

void StageMutations::whole_actor(int a, const std::string& name,
                                 const PlanActor& it) {
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
  const int64_t macs = it.copy ? 0 : net_.layers[it.layer].macs;
  all_.push_back({"stage " + std::to_string(index_) + ": " + name +
                      "twice, with a buffer of its own",
                  it.copy, [=, s = index_](PlanNode& node) {
                    twin(node.stages[s], a);
                    node.stages[s].macs += macs;
                    node.macs += macs;
                  }});
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

// The same layer once more, its result unread.
void StageMutations::twin(PlanStage& s, int a) {
  const int copy = count(s.actors);
  const int buffer = count(s.buffers);
  s.actors.push_back(s.actors[a]);
  PlanBuffer own = s.buffers[s.ports[s.actors[a].out].buffer];
  own.offset = align_up(s.arena_bytes);
  own.slots = own.box.rows();
  own.first_stage = own.last_stage;
  own.overlay = -1;
  s.buffers.push_back(own);
  for (int* port : {&s.actors[a].in[0], &s.actors[a].in[1]}) {
    if (*port < 0) continue;
    const int at = *port;
    PlanPort read = s.ports[at];
    read.owner_index = copy;
    s.ports.insert(s.ports.begin() + at + 1, read);
    renumber(s, [=](int q) { return q > at ? q + 1 : q; });
    s.actors[copy].in[port == &s.actors[a].in[0] ? 0 : 1] = at + 1;
  }
  PlanPort out = s.ports[s.actors[a].out];
  out.buffer = buffer;
  out.owner_index = copy;
  s.actors[copy].out = count(s.ports);
  s.ports.push_back(out);
}

bool StageMutations::owned(const PlanPort& p, int actor) {
  return p.owner == Owner::kActor && p.owner_index == actor;
}

void StageMutations::loop(int l) {
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

}  // namespace shoal
