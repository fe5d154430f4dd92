#include "host/engine/virtual/virtual_node.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "host/base/error.h"
#include "host/engine/fault.h"

namespace shoal {

VirtualNode::VirtualNode(Port& port, const VirtualNodeOptions& options,
                         const NodeCost* cost)
    : port_(port),
      cost_(cost),
      options_(options),
      arena_(options.arena_bytes),
      program_((options.program_capacity + 15) / 16),
      peers_(options.max_peers),
      random_(options.seed) {
  const shoal_transport& transport = port.transport();
  AgentConfig config;
  config.transport = &transport;
  config.cipher = options_.insecure ? &checksum_only() : &chacha20_poly1305();
  config.insecure = options_.insecure;
  std::memcpy(config.key, options_.key, kKeyBytes);
  config.entropy = &VirtualNode::entropy;
  config.entropy_user = this;
  config.name = options_.name.c_str();
  config.board = options_.board.c_str();
  config.arena = arena_.data();
  config.arena_bytes = arena_.bytes();
  config.program = program_.data()->bytes;
  config.program_capacity = options_.program_capacity;
  if (!options_.store.empty()) {
    storage_.emplace(options_.store, options_.storage,
                     [&port] { return port.now(); });
    config.storage = &storage_->storage();
    config.storage_bytes = storage_->bytes();
    config.store_id = options_.store_id.data();
    if (options_.store_key) {
      config.store_key = options_.store_key->data();
      config.store_cipher = &chacha20_poly1305();
    }
  }
  config.peers = peers_.data();
  config.max_peers = options_.max_peers;
  for (int i = 0; i < 3; ++i) {
    packets_[i].resize((transport.max_payload + 15) / 16);
    config.packets[i] = packets_[i].data()->bytes;
  }
  config.tap = options_.tap.call;
  config.tap_user = options_.tap.user;
  const Status status = agent_.open(config);
  if (status == Status::kOk) return;
  throw Error(Exit::kInternal, "node '" + options_.name + "' does not start: " +
                                   fault_text({.status = status}));
}

int VirtualNode::entropy(void* self, void* out, uint32_t bytes) {
  auto& random = static_cast<VirtualNode*>(self)->random_;
  auto* const to = static_cast<uint8_t*>(out);
  for (uint32_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(random());
  return 0;
}

// What a read brought may take no time to check, as a stage's record does, but
// whoever asks what the node waited for must know that it came.
bool VirtualNode::step() {
  const bool came =
      storage_ && storage_->busy() && storage_->ready() <= port_.now();
  if (came && cost_) port_.spend(0, {.doing = Doing::kCheck});
  return agent_.step() == Status::kOk;
}

// The end of a request of the storage wakes it as well.
uint64_t VirtualNode::next_timer_us() const {
  const uint64_t timer = agent_.next_timer_us();
  if (!storage_ || !storage_->busy()) return timer;
  const auto ready = static_cast<uint64_t>(
      (storage_->ready() + kMicrosecond - 1) / kMicrosecond);
  return std::min(timer, ready);
}

StorageCounters VirtualNode::storage() const {
  return storage_ ? storage_->counters() : StorageCounters{};
}

// A slice is known by its numbers, which come again in the next frame only.
void VirtualNode::settle() {
  if (!cost_ || agent_.state() != AgentState::kRunning) return;
  if (storage_) charge_checks();
  const shoal_work w = shoal_last_work(&agent_.node());
  if (w.actor == kNone) return;
  const uint32_t frame = shoal_frames(&agent_.node());
  if (frame == charged_frame_ && std::memcmp(&w, &charged_, sizeof w) == 0) {
    return;
  }
  charged_ = w;
  charged_frame_ = frame;
  const SliceCost c = cost_->slice(w);
  work_ += c;
  port_.spend(c.nanos(),
              {.doing = Doing::kSlice, .stage = w.stage, .actor = w.actor});
}

void VirtualNode::charge_checks() {
  const uint64_t checked =
      shoal_read_counters(&agent_.node()).storage.checked_bytes;
  // A node that starts again counts from zero.
  const uint64_t before = std::min(checked, checked_bytes_);
  checked_bytes_ = checked;
  const double seconds =
      static_cast<double>(checked - before) * options_.checking;
  if (seconds > 0) {
    port_.spend(std::llround(seconds * 1e9), {.doing = Doing::kCheck});
  }
}

shoal_link_counters VirtualNode::counters() const {
  const AgentState state = agent_.state();
  if (state != AgentState::kRunning && state != AgentState::kFaulted) return {};
  return shoal_read_counters(&agent_.node()).link;
}

}  // namespace shoal
