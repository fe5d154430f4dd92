// The device's C API without an agent: a frame at a time.
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "device/link/cipher.h"
#include "device/program/image.h"
#include "host/base/error.h"
#include "host/engine/common/frame_flow.h"
#include "host/engine/fault.h"
#include "host/engine/virtual/frame_queue.h"
#include "host/engine/virtual/program_runner.h"

namespace shoal {
namespace {

class UnlinkedRunner final : public ProgramRunner {
 public:
  UnlinkedRunner(const NodePlace& place, const VirtualNodeOptions& options)
      : place_(place), unlinked_(*options.unlinked) {
    std::mt19937_64 random(options.seed);
    for (uint8_t& byte : salt_) byte = static_cast<uint8_t>(random());
    const shoal_config config = config_of(options);
    check(shoal_open(&node_, &config, place.arena.data(), place.arena.bytes()));
  }

  // A frame ends, as loading does, when the node can go on behind it: rows that
  // no output needs may still be on their way after the last output. Rows leave
  // the node at the time at which they have been made.
  bool step() override {
    if (flow_ && flow_->done() && shoal_frames(&node_) != frames_) end();
    loaded_ = shoal_outputs(&node_) > 0;
    if (loaded_ && !flow_ && !begin()) return false;
    bool moved = flow_ && flow_->push(&node_);
    const int status = shoal_step(&node_);
    check(status);
    place_.endpoint.settle();
    moved |= flow_ && flow_->take(&node_);
    return status == SHOAL_OK || moved ||
           (place_.storage && place_.storage->ready() <= place_.port.now());
  }

  uint64_t next_timer_us() const override { return UINT64_MAX; }
  Nanos ready_at() const override {
    const bool idle = loaded_ && !flow_;
    return idle || !place_.storage ? kNever : place_.storage->ready();
  }
  const shoal_node* node() const override { return &node_; }
  bool running() const override { return true; }

 private:
  bool begin();
  void end();
  shoal_config config_of(const VirtualNodeOptions&) const;
  void check(int status) const;

  const NodePlace place_;
  const UnlinkedFrames& unlinked_;
  std::array<uint8_t, 16> salt_{};  // of this start
  shoal_node node_{};
  std::optional<FrameFlow> flow_;  // the frame under way
  uint32_t frames_ = 0;            // when it began
  bool loaded_ = false;
};

shoal_config UnlinkedRunner::config_of(
    const VirtualNodeOptions& options) const {
  const std::vector<uint8_t>& image = unlinked_.prepared.images.at(0);
  const Header& header = *reinterpret_cast<const Header*>(image.data());
  const uint32_t stored = place_.storage ? place_.storage->bytes() : 0;
  shoal_config config{};
  if (header.flags & kImageUnmapped) {
    config.image_bytes = stored;
  } else {
    // The rest is reached by request only.
    config.image = image.data();
    config.image_bytes = header.program_bytes;
    config.storage_bytes = stored;
  }
  if (place_.storage) config.storage = &place_.storage->storage();
  if (options.store_key) {
    config.store_key = options.store_key->data();
    config.store_cipher = &chacha20_poly1305();
  }
  if (options.spill_area) config.spill_area = &*options.spill_area;
  config.start_salt = salt_.data();
  config.banks = place_.banks.data();
  config.bank_count = static_cast<uint32_t>(place_.banks.size());
  config.tap = options.observer.call;
  config.tap_user = options.observer.user;
  return config;
}

bool UnlinkedRunner::begin() {
  const auto input = unlinked_.queue.next(place_.port.now());
  if (!input) return false;
  if (unlinked_.begins) unlinked_.begins();
  flow_.emplace(unlinked_.prepared.graph, unlinked_.prepared.net, *input);
  frames_ = shoal_frames(&node_);
  return true;
}

void UnlinkedRunner::end() {
  const std::vector<uint8_t> output = flow_->output();
  flow_.reset();
  unlinked_.queue.finish(place_.port.now(), output);
}

void UnlinkedRunner::check(int status) const {
  if (status == SHOAL_OK || status == SHOAL_WAIT) return;
  std::vector<std::string> layers;
  for (const Layer& l : unlinked_.prepared.net.layers) layers.push_back(l.name);
  throw fault_error(fault_of(shoal_last_fault(&node_), status), layers,
                    Maker::kThisRun);
}

}  // namespace

std::unique_ptr<ProgramRunner> unlinked_runner(
    const NodePlace& place, const VirtualNodeOptions& options) {
  return std::make_unique<UnlinkedRunner>(place, options);
}

}  // namespace shoal
