#include "host/engine/workers/worker.h"

#include <chrono>
#include <cstdio>

#include "device/base/crc32c.h"
#include "device/kernels/kernels.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/engine/coordinator/node_name.h"
#include "host/engine/workers/key_file.h"

namespace shoal {
namespace {

int agent_entropy(void*, void* out, uint32_t bytes) {
  system_entropy({static_cast<uint8_t*>(out), bytes});
  return 0;
}

}  // namespace

std::string leader_text(const LeaderSaid& s) {
  const std::string frame = "frame " + std::to_string(s.frame);
  const std::string name = printable(s.name);
  switch (s.event) {
    case LeaderEvent::kWaits:
      return frame + " waits for node " + name;
    case LeaderEvent::kWithout:
      return frame + " goes on without node " + name;
    case LeaderEvent::kWith:
      return frame + " goes on with node " + name + " again";
    case LeaderEvent::kLacks:
      return frame + ": node " + name +
             " has lost its program; `shoal deploy` with --take-over sends it";
    case LeaderEvent::kTaken:
      return frame + " ends: another coordinator has node " + name;
    default:
      return frame + ": class " + std::to_string(s.best) +
             (name.empty() ? "" : ", " + name);
  }
}

Worker::Worker(const WorkerOptions& options, HostTransport& transport)
    : transport_(transport),
      name_(options.name),
      board_(options.board),
      said_(options.said),
      told_(options.told),
      tells_more_(static_cast<bool>(options.log)),
      arena_(options.arena_bytes),
      program_(options.program_bytes),
      peers_(kMaxPeers),
      packets_(3 * size_t{transport.transport().max_payload}),
      log_(options.log, options.name_of) {
  if (!is_node_name(name_)) {
    throw Error(Exit::kUsage, "the name '" + name_ + "' cannot be used",
                "use 1 to " + std::to_string(kMaxName) +
                    " printable characters without blanks");
  }
  AgentConfig c;
  c.transport = &transport.transport();
  c.insecure = options.insecure;
  c.cipher = options.insecure ? &checksum_only() : &chacha20_poly1305();
  if (!options.insecure) {
    std::copy(options.key.begin(), options.key.end(), c.key);
  }
  if (options.identity) {
    c.dh = &x25519_mbedtls();
    c.identity = &identity_;
    if (!make_identity(*c.dh, options.identity->data(),
                       options.coordinator.data(), identity_)) {
      throw Error(
          Exit::kUsage,
          "the coordinator's public key is not a key, or is this node's own",
          "give the one that `shoal keygen --public FILE` prints");
    }
  }
  c.entropy = agent_entropy;
  c.name = name_.c_str();
  c.board = board_.c_str();
  c.arena = arena_.data();
  c.arena_bytes = arena_.bytes();
  programs_.open(program_.data(), program_.bytes());
  c.programs = &programs_;
  c.peers = peers_.data();
  c.max_peers = static_cast<uint16_t>(peers_.size());
  for (size_t i = 0; i < 3; ++i) {
    c.packets[i] = packets_.data() + i * transport.transport().max_payload;
  }
  c.cycles = {
      "clock",
      [] {
        using namespace std::chrono;
        return static_cast<uint32_t>(
            nanoseconds(steady_clock::now().time_since_epoch()).count());
      },
      0xFFFFFFFF, 1'000'000'000};
  c.kernels = best_kernels().name;
  c.leader = make_leader;
  c.said = [](void* self, const LeaderSaid& s) {
    static_cast<Worker*>(self)->hear(s);
  };
  c.said_user = this;
  if (agent_.open(c) != Status::kOk) {
    throw Error(Exit::kInternal, "the worker lacks something");
  }
}

void Worker::hear(const LeaderSaid& s) {
  if (s.event == LeaderEvent::kTold) {
    return hear(std::string(s.output, s.output + s.output_bytes));
  }
  std::string text = leader_text(s);
  if (tells_more_ && s.output) {
    char crc[32];
    std::snprintf(crc, sizeof crc, ", CRC-32C %08x",
                  crc32c(0, s.output, s.output_bytes));
    text += crc;
  }
  said_(text);
}

// A request whose answer was lost comes again.
void Worker::hear(std::string text) {
  if (!told_ || text == last_told_) return;
  last_told_ = std::move(text);
  told_(last_told_);
}

void Worker::serve(const StopSignals& signals) {
  // Looking for a signal is a system call: not before every slice.
  constexpr uint32_t kStepsPerLook = 256;
  for (uint32_t steps = 1;; ++steps) {
    const bool waiting = agent_.step() == Status::kWait;
    log_.look(agent_);
    if (!waiting && steps % kStepsPerLook != 0) continue;
    if (signals.asked()) return;
    if (!arena_.intact() || !program_.intact()) {
      throw Error(Exit::kInternal, "the node wrote outside its memory");
    }
    if (waiting && !programs_.is_reading()) {
      transport_.wait(agent_.next_timer_us(), signals.descriptor());
    }
  }
}

}  // namespace shoal
