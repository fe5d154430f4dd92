#include "host/plan/tokens/ring_memo.h"

#include <algorithm>
#include <utility>

#include "host/plan/tokens/rings.h"

namespace shoal {
namespace {

// Of keys; then all is forgotten.
constexpr size_t kMostBytes = size_t{64} << 20;

// All numbers that a run reads, each in as few bytes as it needs.
class Key {
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
  void add(const PlanStage& stage, const std::vector<StreamTie>& ties) {
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

}  // namespace

void RingMemo::trim(size_t more) {
  if (bytes_ + more > kMostBytes) {
    slots_.clear(), leads_.clear();
    bytes_ = 0;
  }
  bytes_ += more;
  ++simulated_;
}

std::vector<int> RingMemo::slots(const Net& net, const PlanStage& stage,
                                 const std::vector<StreamTie>& ties,
                                 const std::vector<int>& group, int tries) {
  Key parts;
  parts.add(stage, ties);
  parts.add(tries);
  if (tries > 0) {
    for (const int g : group) parts.add(g);
  }
  std::string key = parts.take();
  if (const auto at = slots_.find(key); at != slots_.end()) return at->second;
  std::vector<int> slots = peak_slots(net, stage, ties);
  if (tries > 0) {
    PlanStage tight = stage;
    for (size_t b = 0; b < slots.size(); ++b) {
      if (group[b] >= 0) tight.buffers[b].slots = slots[b];
    }
    tighten(net, tight, ties, group, tries);
    for (size_t b = 0; b < slots.size(); ++b) {
      if (group[b] >= 0) slots[b] = tight.buffers[b].slots;
    }
  }
  trim(key.size());
  return slots_.emplace(std::move(key), std::move(slots)).first->second;
}

void RingMemo::find_leads(const Net& net, const PlanStage& stage,
                          const std::vector<StreamTie>& ties,
                          std::vector<OverlaidBuffers>& pairs) {
  Key parts;
  parts.add(stage, ties);
  for (const OverlaidBuffers& p : pairs) parts.add(p.in), parts.add(p.out);
  std::string key = parts.take();
  auto at = leads_.find(key);
  if (at == leads_.end()) {
    shoal::find_leads(net, stage, ties, pairs);
    std::vector<int64_t> leads;
    for (const OverlaidBuffers& p : pairs) leads.push_back(p.lead);
    trim(key.size());
    at = leads_.emplace(std::move(key), std::move(leads)).first;
  }
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i].lead = at->second[i];
}

}  // namespace shoal
