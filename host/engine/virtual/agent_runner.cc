// A real agent with program memory, peers and packets of its own.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "device/agent/agent.h"
#include "device/storage/program_memory.h"
#include "host/base/error.h"
#include "host/engine/fault.h"
#include "host/engine/virtual/program_runner.h"

namespace shoal {
namespace {

class AgentRunner final : public ProgramRunner {
 public:
  AgentRunner(const NodePlace& place, const VirtualNodeOptions& options)
      : storage_(place.storage),
        options_(options),
        program_((options.program_capacity + 15) / 16),
        peers_(options.max_peers),
        random_(options.seed) {
    const Status status = agent_.open(config(place));
    if (status == Status::kOk) return;
    throw Error(Exit::kInternal,
                "node '" + options.name +
                    "' does not start: " + fault_text({.status = status}));
  }

  bool step() override { return agent_.step() == Status::kOk; }

  // The end of a request of the storage wakes it as well, by the clock that
  // its loop sleeps by.
  uint64_t next_timer_us() const override {
    const uint64_t timer = agent_.next_timer_us();
    if (!storage_ || !storage_->busy()) return timer;
    const auto ready = static_cast<uint64_t>(
        (storage_->ready() + kMicrosecond - 1) / kMicrosecond);
    return std::min(timer, ready);
  }
  Nanos ready_at() const override { return kNever; }

  const shoal_node* node() const override {
    const bool opened = running() || agent_.state() == AgentState::kFaulted;
    return opened ? &agent_.node() : nullptr;
  }
  bool running() const override {
    return agent_.state() == AgentState::kRunning;
  }

 private:
  struct Block {
    alignas(16) uint8_t bytes[16];
  };

  AgentConfig config(const NodePlace&);

  static int entropy(void* self, void* out, uint32_t bytes) {
    auto& random = static_cast<AgentRunner*>(self)->random_;
    auto* const to = static_cast<uint8_t*>(out);
    for (uint32_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(random());
    return 0;
  }

  const VirtualStorage* const storage_;
  const VirtualNodeOptions& options_;
  std::vector<Block> program_;
  ProgramMemory programs_;
  std::vector<shoal_peer> peers_;
  std::vector<Block> packets_[3];
  std::mt19937_64 random_;
  NodeAgent agent_;
};

AgentConfig AgentRunner::config(const NodePlace& place) {
  const shoal_transport& transport = place.port.transport();
  AgentConfig config;
  config.transport = &transport;
  config.cipher = options_.insecure ? &checksum_only() : &chacha20_poly1305();
  config.insecure = options_.insecure;
  std::copy(options_.key.begin(), options_.key.end(), config.key);
  config.entropy = &AgentRunner::entropy;
  config.entropy_user = this;
  config.name = options_.name.c_str();
  config.board = options_.board.c_str();
  config.arena = place.arena.data();
  config.arena_bytes = place.arena.bytes();
  config.banks = place.banks.data();
  config.bank_count = static_cast<uint32_t>(place.banks.size());
  if (options_.keeps_programs) {
    programs_.open(program_.data()->bytes, options_.program_capacity);
    config.programs = &programs_;
  } else {
    config.program = program_.data()->bytes;
    config.program_capacity = options_.program_capacity;
  }
  if (place.storage) {
    config.storage = &place.storage->storage();
    config.storage_bytes = place.storage->bytes();
    config.storage_has_program = true;
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
  config.observer = options_.observer.call;
  config.observer_user = options_.observer.user;
  return config;
}

}  // namespace

std::unique_ptr<ProgramRunner> agent_runner(const NodePlace& place,
                                            const VirtualNodeOptions& options) {
  return std::make_unique<AgentRunner>(place, options);
}

}  // namespace shoal
