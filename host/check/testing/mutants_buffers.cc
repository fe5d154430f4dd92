#include "host/check/testing/stage_mutations.h"

namespace shoal {

void StageMutations::buffer(int b) {
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
  // Rows of peers that came early come in time.
  const bool early = it.first_stage < index_ && !it.complete && it.variable < 0;
  move("first stage", &PlanBuffer::first_stage, 1, early && kMayBeRight);
  move("first stage", &PlanBuffer::first_stage, -1, kMayBeRight);
  move("last stage", &PlanBuffer::last_stage, 1, kMayBeRight);
  move("last stage", &PlanBuffer::last_stage, -1, false);
  move("element bytes", &PlanBuffer::element_bytes, 1, false);
  move("variable", &PlanBuffer::variable, 1, false);
  if (it.variable >= 0) move("variable", &PlanBuffer::variable, -1, false);
  for (int other = 0; other < count(stage_.buffers); ++other) {
    if (other == b) continue;
    const std::string to = " of buffer " + std::to_string(other);
    // In a recorded order rings that never hold rows together may share.
    const bool shared = it.overlay == other ||
                        stage_.buffers[other].overlay == b ||
                        !stage_.order.empty();
    add(name + "at the offset" + to, shared,
        [=](PlanStage& s) { s.buffers[b].offset = s.buffers[other].offset; });
    if (it.tensor != stage_.buffers[other].tensor) {
      add(name + "has the tensor" + to, false,
          [=](PlanStage& s) { s.buffers[b].tensor = s.buffers[other].tensor; });
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
  // A part of a tensor may be larger than what is in it.
  box(name, kMayBeRight,
      [=](PlanStage& s) -> Box& { return s.buffers[b].box; });
}

void StageMutations::box(const std::string& name, bool may_be_right,
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

void StageMutations::port(int p) {
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
  const bool callers = it.owner != Owner::kActor && it.owner != Owner::kSpill &&
                       stage_.ports[p - 1].owner != Owner::kActor;
  add(name + "swapped with the one before", callers,
      [=](PlanStage& s) { std::swap(s.ports[p], s.ports[p - 1]); });
}

void StageMutations::renumber(PlanStage& s, const std::function<int(int)>& to) {
  for (PlanActor& a : s.actors) {
    for (int* port : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
      if (*port >= 0) *port = to(*port);
    }
  }
  for (PlanSpill& spill : s.spills) spill.port = to(spill.port);
}

void StageMutations::drop_port(PlanStage& s, int p) {
  s.ports.erase(s.ports.begin() + p);
  renumber(s, [=](int port) {
    return port == p ? -1 : port > p ? port - 1 : port;
  });
}

}  // namespace shoal
