#include "host/engine/virtual/virtual_node.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "host/engine/virtual/program_runner.h"
#include "host/engine/virtual/since.h"

namespace shoal {

VirtualNode::VirtualNode(Port& port, VirtualNodeOptions options,
                         const NodeCost* cost)
    : port_(port),
      cost_(cost),
      options_(std::move(options)),
      arena_(options_.arena_bytes) {
  for (const uint32_t bytes : options_.bank_bytes) {
    bank_table_.push_back({nullptr, bytes});
    if (bytes == 0) continue;
    banks_.push_back(std::make_unique<Arena>(bytes));
    bank_table_.back().data = banks_.back()->data();
  }
  if (!options_.store.empty()) {
    storage_.emplace(std::move(options_.store), options_.storage,
                     [&port] { return port.now(); });
    storage_->inject(options_.fault);
  }
  const NodePlace place{*this, port_, arena_, bank_table_, storage()};
  runner_ = options_.unlinked ? unlinked_runner(place, options_)
                              : agent_runner(place, options_);
}

VirtualNode::~VirtualNode() = default;

// Checking what a read brought may take no time, as for a stage's record, but
// the count of what the node waited for must include it.
bool VirtualNode::step() {
  if (idle_since_ && port_.now() > *idle_since_) {
    counts_.wait_s += static_cast<double>(port_.now() - *idle_since_) * 1e-9;
    ++counts_.waits;
  }
  const bool came =
      storage_ && storage_->busy() && storage_->ready() <= port_.now();
  if (came && cost_) port_.spend(0, {.doing = Doing::kCheck});
  const bool more = runner_->step();
  settle();
  idle_since_ = more ? std::nullopt : std::optional(port_.now());
  return more;
}

uint64_t VirtualNode::next_timer_us() const { return runner_->next_timer_us(); }

Nanos VirtualNode::ready_at() const { return runner_->ready_at(); }

bool VirtualNode::arena_intact() const {
  return arena_.intact() &&
         std::ranges::all_of(banks_, [](const auto& b) { return b->intact(); });
}

void VirtualNode::set_cost(const NodeCost* cost) {
  cost_ = cost;
  charged_ = {};
  charged_frame_ = UINT32_MAX;
}

const shoal_node* VirtualNode::node() const { return runner_->node(); }

void VirtualNode::settle() {
  if (!cost_ || !runner_->running()) return;
  charge_checks(*runner_->node());
  charge_slice(*runner_->node());
}

// Bytes that came were checked before anything else; the next read was on its
// way.
void VirtualNode::charge_checks(const shoal_node& node) {
  const uint64_t checked = shoal_read_counters(&node).storage.checked_bytes;
  // A node that starts again counts from zero.
  const uint64_t before = std::min(checked, checked_bytes_);
  checked_bytes_ = checked;
  const double seconds = static_cast<double>(checked - before) *
                         options_.check_cycles_per_byte / options_.clock_hz;
  if (seconds <= 0) return;
  counts_.check_s += seconds;
  port_.spend(std::llround(seconds * 1e9), {.doing = Doing::kCheck});
}

// A slice is known by its numbers, which come again in the next frame only.
void VirtualNode::charge_slice(const shoal_node& node) {
  const shoal_work w = shoal_last_work(&node);
  if (w.actor == kNone) return;
  const uint32_t frame = shoal_frames(&node);
  if (frame == charged_frame_ && std::memcmp(&w, &charged_, sizeof w) == 0) {
    return;
  }
  charged_ = w;
  charged_frame_ = frame;
  const SliceCost c = cost_->slice(w);
  counts_.slices += c;
  port_.spend(c.nanos(), {.doing = Doing::kSlice,
                          .stage = w.stage,
                          .actor = w.actor,
                          .flash = std::llround(c.flash_s * 1e9)});
}

shoal_link_counters VirtualNode::link() const {
  return node() ? shoal_read_counters(node()).link : shoal_link_counters{};
}

NodeCounts VirtualNode::counts() const {
  NodeCounts c = counts_;
  if (storage_) c.storage = since(storage_->counters(), storage_before_);
  return c;
}

void VirtualNode::restart_counts() {
  counts_ = {};
  if (storage_) storage_before_ = storage_->counters();
}

}  // namespace shoal
