#include "host/plan/draft/spill.h"

#include <algorithm>

#include "device/program/spill_layout.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

// The board erases and writes a page, reads it back piece by piece to see that
// it is right, and later reads it as a whole.
int64_t write_page_ps(const Storage& s, int64_t page) {
  const auto bytes = static_cast<double>(page);
  const int64_t pieces = ceil_div(static_cast<int>(page), kMostSpillUnit);
  return picoseconds(s.erase_us / 1e6) +
         picoseconds(s.write_latency_us / 1e6 + bytes / s.write_bytes_per_s) +
         picoseconds(static_cast<double>(pieces) * s.read_latency_us / 1e6 +
                     bytes / s.read_bytes_per_s);
}

int64_t read_page_ps(const Storage& s, int64_t page) {
  return picoseconds(s.read_latency_us / 1e6 +
                     static_cast<double>(page) / s.read_bytes_per_s);
}

// The time that a frame's spills add to a stage. The estimate assumes that
// nothing else happens meanwhile: a spill has one page buffer.
struct SpillTime {
  int64_t storage_ps = 0, check_ps = 0;
  int64_t read_bytes = 0, written_bytes = 0;
};
SpillTime spill_time(const PlanNode& node, const PlanStage& stage,
                     const Board& board, const Storage& storage) {
  SpillTime t;
  const int64_t page = node.spill_page_bytes;
  for (const PlanSpill& spill : stage.spills) {
    const int64_t bytes = page * spill.pages;
    const bool out = stage.ports[spill.port].is_read;
    t.read_bytes += bytes;
    if (out) t.written_bytes += bytes;
    t.storage_ps += spill.pages * (out ? write_page_ps(storage, page)
                                       : read_page_ps(storage, page));
    t.check_ps +=
        picoseconds(static_cast<double>(bytes) *
                    board.chunk_cycles_per_byte(node.sealed) / board.clock_hz);
  }
  return t;
}

}  // namespace

SpillNet::SpillNet(const Net& net, int64_t page_bytes)
    : net_(net),
      tensors_(static_cast<int>(net.tensors.size())),
      readers_(net.tensors.size()) {
  spilling_.page_bytes = page_bytes;
  for (int l = 0; l < static_cast<int>(net.layers.size()); ++l) {
    for (int operand = 0; operand < 2; ++operand) {
      const int tensor = net.layers[l].in[operand].tensor;
      if (tensor >= 0) readers_[tensor].push_back({l, operand});
    }
  }
  for (const TensorUses& t : find_uses(net)) {
    last_write_.push_back(t.last_write);
    kept_.push_back(t.variable >= 0);
  }
}

void SpillNet::set(std::vector<SpillCut> cuts) {
  for (const SpillEdge& e : spilling_.edges) {
    for (const Reader& r : readers_[e.from]) {
      net_.layers[r.layer].in[r.operand].tensor = e.from;
    }
  }
  net_.tensors.resize(static_cast<size_t>(tensors_));
  spilling_.edges.clear();
  cuts_.clear();
  std::sort(cuts.begin(), cuts.end());
  for (size_t i = 0; i < cuts.size(); ++i) {
    const SpillCut& cut = cuts[i];
    if (kept_[cut.tensor]) continue;
    const bool more = i + 1 < cuts.size() && cuts[i + 1].tensor == cut.tensor;
    const int end =
        more ? cuts[i + 1].position : static_cast<int>(net_.layers.size());
    const int copy = static_cast<int>(net_.tensors.size());
    bool any = false;
    for (const Reader& r : readers_[cut.tensor]) {
      const bool behind = r.layer > last_write_[cut.tensor] &&
                          r.layer >= cut.position && r.layer < end;
      if (!behind) continue;
      net_.layers[r.layer].in[r.operand].tensor = copy;
      any = true;
    }
    if (!any) continue;
    const NetTensor original = net_.tensors[cut.tensor];
    net_.tensors.push_back(original);
    spilling_.edges.push_back({cut.tensor, copy});
    cuts_.push_back(cut);
  }
}

int SpillNet::original(int tensor) const {
  return tensor < tensors_ ? tensor : spilling_.edges[tensor - tensors_].from;
}

int64_t SpillNet::written_bytes(int tensor) const {
  return spill_pages(net_.tensors[tensor].bytes(), spilling_.page_bytes) *
         spilling_.page_bytes;
}

int64_t SpillNet::written_bytes() const {
  int64_t bytes = 0;
  int before = -1;
  for (const SpillCut& cut : cuts_) {
    if (cut.tensor != before) bytes += written_bytes(cut.tensor);
    before = cut.tensor;
  }
  return bytes;
}

void SpillNet::restore(PlanNode& node) const {
  for (PlanStage& stage : node.stages) {
    for (PlanBuffer& b : stage.buffers) b.tensor = original(b.tensor);
  }
}

int spill_pages(int64_t bytes, int64_t page_bytes) {
  const int64_t payload = page_bytes - kTagBytes;
  return static_cast<int>((bytes + payload - 1) / payload);
}

void number_pages(const Net& net, const std::vector<TensorUses>& uses,
                  PlanNode& node) {
  std::vector<int> first(uses.size(), -1);
  for (size_t t = 0; t < uses.size(); ++t) {
    if (uses[t].page_bytes == 0 || uses[t].stored_as >= 0) continue;
    node.spill_page_bytes = static_cast<uint32_t>(uses[t].page_bytes);
    first[t] = node.spill_pages;
    node.spill_pages += spill_pages(net.tensors[t].bytes(), uses[t].page_bytes);
  }
  for (PlanStage& stage : node.stages) {
    for (PlanSpill& spill : stage.spills) {
      const int t = stage.buffers[stage.ports[spill.port].buffer].tensor;
      const int from = uses[t].stored_as < 0 ? t : uses[t].stored_as;
      spill.first_page = first[from];
      spill.pages = spill_pages(net.tensors[t].bytes(), node.spill_page_bytes);
    }
  }
}

uint32_t spill_state(const Net& net, const std::vector<TensorUses>& uses) {
  PlanNode none;
  number_pages(net, uses, none);
  const auto pages = static_cast<uint32_t>(none.spill_pages);
  return pages ? spill_state_bytes(pages) : 0;
}

void add_spill_numbers(const Board& board, const Storage& storage, Plan& plan) {
  for (PlanNode& node : plan.nodes) {
    if (node.spill_pages == 0) continue;
    for (PlanStage& stage : node.stages) {
      const SpillTime t = spill_time(node, stage, board, storage);
      if (t.read_bytes == 0) continue;
      const double storage_s = static_cast<double>(t.storage_ps) / kPicoseconds;
      const double check_s = static_cast<double>(t.check_ps) / kPicoseconds;
      stage.storage_read_bytes += t.read_bytes;
      stage.storage_written_bytes += t.written_bytes;
      stage.storage_s += storage_s;
      stage.check_s += check_s;
      if (storage_s + check_s > stage.seconds) stage.bound = "storage";
      stage.seconds += storage_s + check_s;
      node.storage_read_bytes += t.read_bytes;
      node.storage_written_bytes += t.written_bytes;
      node.seconds += storage_s + check_s;
    }
    plan.latency_s = std::max(plan.latency_s, node.seconds);
  }
}

}  // namespace shoal
