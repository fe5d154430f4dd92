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
    for (const int v : {b.y0, b.rows(), b.x0, b.columns(), b.c0, b.channels()})
      add(v);
  }
  // Adds all that a run of the stage reads.
  void add(const PlanStage& stage, const std::vector<StreamTie>& ties = {}) {
    add(std::ssize(stage.buffers));
    for (const PlanBuffer& b : stage.buffers) {
      add(b.tensor), add(b.box), add(b.element_bytes), add(b.slots);
      add(b.overlay), add(b.offset);
    }
    add(std::ssize(stage.ports));
    for (const PlanPort& p : stage.ports) {
      add(p.buffer), add(p.box), add(p.is_read);
      add(static_cast<int>(p.owner)), add(p.owner_index);
    }
    add(std::ssize(stage.actors));
    for (const PlanActor& a : stage.actors) {
      for (const int v : {a.layer, int{a.copy}, a.in[0], a.in[1], a.partial,
                          a.out, a.band, a.part, a.loop}) {
        add(v);
      }
    }
    add(std::ssize(stage.loops));
    for (const PlanLoop& l : stage.loops) {
      add(l.first_actor), add(l.actors), add(l.iterations), add(l.band);
    }
    add(std::ssize(stage.spills));
    add(std::ssize(ties));
    for (const StreamTie& t : ties) add(t.from), add(t.to);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace shoal
