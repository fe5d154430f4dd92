// A key of a stage: all numbers that an answer about it depends on, each in as
// few bytes as it needs.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/tokens/tokens.h"
#include "host/plan/types/plan.h"

namespace shoal {

class StageKey {
 public:
  void add(int64_t value) {
    uint64_t v = (static_cast<uint64_t>(value) << 1) ^
                 static_cast<uint64_t>(value >> 63);
    for (; v >= 0x80; v >>= 7) text_.push_back(static_cast<char>(v | 0x80));
    text_.push_back(static_cast<char>(v));
  }
  void add(const Box& b) {
    add(b.y0, b.rows(), b.x0, b.columns(), b.c0, b.channels());
  }
  template <class One, class Two, class... More>
  void add(const One& one, const Two& two, const More&... more) {
    add(one), add(two), (add(more), ...);
  }
  // Adds all that a run of the stage reads.
  void add_run(const PlanStage& stage,
               const std::vector<StreamTie>& ties = {}) {
    add(std::ssize(stage.buffers));
    for (const PlanBuffer& b : stage.buffers) {
      add(b.tensor, b.box, b.element_bytes, b.slots, b.overlay, b.offset);
    }
    add_actors(stage);
    add(std::ssize(stage.spills), std::ssize(ties));
    for (const StreamTie& t : ties) add(t.from, t.to);
  }
  // Adds its ports, actors and loops.
  void add_actors(const PlanStage& stage) {
    add(std::ssize(stage.ports));
    for (const PlanPort& p : stage.ports) {
      add(p.buffer, p.box, p.is_read, static_cast<int>(p.owner), p.owner_index);
    }
    add(std::ssize(stage.actors));
    for (const PlanActor& a : stage.actors) {
      add(a.layer, a.copy, a.in[0], a.in[1], a.partial, a.out, a.init, a.final,
          a.band, a.part, a.slices, a.loop);
    }
    add(std::ssize(stage.loops));
    for (const PlanLoop& l : stage.loops) {
      add(l.first_actor, l.actors, l.iterations, l.band);
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace shoal
