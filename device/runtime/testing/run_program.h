// For tests: runs an image with an arena of exactly the bytes that it asks
// for, red zones around it, and rows pushed and taken in uneven amounts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "device/base/status.h"
#include "device/program/image.h"
#include "device/runtime/tap.h"
#include "device/shoal.h"

namespace shoal::test {

using Bytes = std::vector<uint8_t>;

// 16-byte aligned memory with red zones; ASan guards its ends as well.
class Arena {
 public:
  explicit Arena(size_t bytes)
      : bytes_(bytes), all_((bytes + 15) / 16 + 2 * kZone) {
    for (size_t i = 0; i < bytes; ++i) data()[i] = uint8_t(0x5A + i);
  }
  uint8_t* data() { return memory() + kZone * sizeof(Line); }
  size_t size() const { return bytes_; }
  // Whether a byte outside was written.
  bool spilled() {
    const uint8_t* p = memory();
    const size_t zone = kZone * sizeof(Line);
    for (size_t i = 0; i < all_.size() * sizeof(Line); ++i) {
      if (i >= zone && i < zone + bytes_) continue;
      if (p[i] != 0xA5) return true;
    }
    return false;
  }

 private:
  static constexpr size_t kZone = 8;
  struct alignas(16) Line {
    Line() { std::memset(bytes, 0xA5, sizeof bytes); }
    uint8_t bytes[16];
  };
  uint8_t* memory() { return reinterpret_cast<uint8_t*>(all_.data()); }
  size_t bytes_;
  std::vector<Line> all_;
};

// Storage in memory that answers after `delay` polls.
class SlowStorage {
 public:
  SlowStorage(const Bytes& bytes, int delay) : bytes_(bytes), delay_(delay) {}
  shoal_storage interface() { return {this, &start, &poll, nullptr, nullptr}; }
  int reads() const { return reads_; }
  int fail_at = -1;  // read that fails
  int flip_at = -1;  // read in which a bit is flipped
  int refuse_at = -1;

 private:
  static int start(void* user, uint32_t offset, uint32_t bytes, void* to) {
    auto& s = *static_cast<SlowStorage*>(user);
    if (s.to_ || s.reads_ == s.refuse_at) return 1;
    if (uint64_t{offset} + bytes > s.bytes_.size()) return 1;
    s.from_ = offset, s.count_ = bytes, s.to_ = to, s.left_ = s.delay_;
    std::memset(to, 0xEE, bytes);  // a read under way leaves anything
    return 0;
  }
  static int poll(void* user) {
    auto& s = *static_cast<SlowStorage*>(user);
    if (!s.to_) return -1;
    if (s.left_-- > 0) return 0;
    std::memcpy(s.to_, s.bytes_.data() + s.from_, s.count_);
    if (s.reads_ == s.flip_at) {
      static_cast<uint8_t*>(s.to_)[s.count_ / 2] ^= 1;
    }
    s.to_ = nullptr;
    return s.reads_++ == s.fail_at ? -1 : 1;
  }

  const Bytes& bytes_;
  int delay_, left_ = 0, reads_ = 0;
  uint32_t from_ = 0, count_ = 0;
  void* to_ = nullptr;
};

using Tap = std::function<void(const Firing&)>;

struct RunOptions {
  int frames = 1;
  bool mapped = true;
  int storage_delay = -1;  // >= 0: there is a storage
  unsigned seed = 1;       // of the amounts pushed and taken
  long max_steps = 1000000;
  int arena_less = 0;  // bytes
  uint32_t arena_cap = 64u << 20;
  bool keep_outputs = true;
  int fail_at = -1, flip_at = -1, refuse_at = -1;  // reads of the storage
  Tap tap;
  const shoal_link* link = nullptr;
};

struct RunResult {
  Status status = Status::kOk;  // kWait: it never ended
  Fault fault;
  bool spilled = false;
  long steps = 0;
  int reads = 0;               // of the storage
  std::vector<Bytes> outputs;  // per output, all frames
};

// Bytes in memory of exactly their size, 16-byte aligned.
class AlignedBytes {
 public:
  explicit AlignedBytes(const Bytes& b) : size_(b.size()) {
    if (posix_memalign(&data_, 16, size_ ? size_ : 1)) std::abort();
    if (size_) std::memcpy(data_, b.data(), size_);
  }
  ~AlignedBytes() { std::free(data_); }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  uint8_t* data() { return static_cast<uint8_t*>(data_); }
  uint32_t size() const { return static_cast<uint32_t>(size_); }
  Bytes bytes() { return Bytes(data(), data() + size_); }

 private:
  size_t size_;
  void* data_ = nullptr;
};

inline void call_tap(void* user, const void* firing) {
  (*static_cast<const Tap*>(user))(*static_cast<const Firing*>(firing));
}

// Feeds `inputs` (per input, one frame; the same for every frame unless it
// holds all frames) and collects all outputs.
inline RunResult run_program(const Bytes& image,
                             const std::vector<Bytes>& inputs,
                             const RunOptions& options = {}) {
  RunResult result;
  uint32_t arena_bytes = 0;
  if (image.size() >= sizeof(Header)) {
    std::memcpy(&arena_bytes, image.data() + offsetof(Header, arena_bytes), 4);
  }
  arena_bytes = std::min(arena_bytes, options.arena_cap);
  arena_bytes -= static_cast<uint32_t>(options.arena_less);
  Arena arena(arena_bytes);
  AlignedBytes memory(image);
  SlowStorage slow(image, options.storage_delay);
  slow.fail_at = options.fail_at, slow.flip_at = options.flip_at;
  slow.refuse_at = options.refuse_at;
  const shoal_storage storage = slow.interface();
  shoal_config config{};
  if (options.mapped) config.image = memory.data();
  config.image_bytes = static_cast<uint32_t>(image.size());
  if (options.storage_delay >= 0) config.storage = &storage;
  config.storage_bytes = static_cast<uint32_t>(image.size());
  config.link = options.link;
  if (options.tap) {
    config.tap = &call_tap;
    config.tap_user = const_cast<Tap*>(&options.tap);
  }
  auto node = std::make_unique<shoal_node>();
  const auto finish = [&](int status) {
    result.status = static_cast<Status>(status);
    const shoal_fault f = shoal_why(node.get());
    result.fault = {static_cast<Status>(f.status),
                    static_cast<Table>(f.table),
                    f.stage,
                    f.index,
                    f.check,
                    f.layer};
    result.spilled = arena.spilled();
    result.reads = slow.reads();
    return result;
  };
  int status = shoal_open(node.get(), &config, arena.data(), arena_bytes);
  if (status > SHOAL_WAIT) return finish(status);
  while (shoal_outputs(node.get()) + shoal_inputs(node.get()) == 0) {
    status = shoal_step(node.get());
    if (status > SHOAL_WAIT) return finish(status);
    if (++result.steps > options.max_steps) return finish(SHOAL_WAIT);
    if (shoal_frames(node.get())) break;
  }
  std::mt19937 random(options.seed);
  const uint32_t n_in = shoal_inputs(node.get());
  const uint32_t n_out = shoal_outputs(node.get());
  std::vector<uint32_t> sent(n_in), got(n_out);
  result.outputs.resize(n_out);
  uint32_t wanted = 0, received = 0;
  const uint32_t frames = static_cast<uint32_t>(options.frames);
  for (uint32_t o = 0; o < n_out; ++o) {
    const shoal_io_info info = shoal_output_info(node.get(), o);
    result.outputs[o].resize(size_t{info.row_bytes} *
                             (options.keep_outputs ? info.rows * frames : 4));
    wanted += info.rows * frames;
  }
  while (received < wanted || shoal_frames(node.get()) < frames) {
    if (++result.steps > options.max_steps) return finish(SHOAL_WAIT);
    for (uint32_t i = 0; i < n_in && i < inputs.size(); ++i) {
      const shoal_io_info info = shoal_input_info(node.get(), i);
      const size_t all = inputs[i].size() / std::max(1u, info.row_bytes);
      if (all == 0 || sent[i] >= info.rows * frames) continue;
      const size_t at = sent[i] % all;
      const uint32_t most = static_cast<uint32_t>(
          std::min<size_t>(all - at, info.rows * frames - sent[i]));
      sent[i] +=
          shoal_push_rows(node.get(), i, inputs[i].data() + at * info.row_bytes,
                          std::min<uint32_t>(most, random() % 4));
    }
    status = shoal_step(node.get());
    if (status > SHOAL_WAIT) return finish(status);
    for (uint32_t o = 0; o < n_out; ++o) {
      const shoal_io_info info = shoal_output_info(node.get(), o);
      const uint32_t left = info.rows * frames - got[o];
      const size_t at = options.keep_outputs ? got[o] : 0;
      const uint32_t n = shoal_take_rows(
          node.get(), o, result.outputs[o].data() + at * info.row_bytes,
          std::min<uint32_t>(left, random() % 4));
      got[o] += n, received += n;
    }
  }
  return finish(SHOAL_OK);
}

}  // namespace shoal::test
