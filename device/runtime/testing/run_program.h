// Runs an image with an arena of exactly the bytes that it asks for, red zones
// around it, and rows pushed and taken in uneven amounts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "device/base/status.h"
#include "device/keys/store_key.h"
#include "device/program/image.h"
#include "device/program/vault.h"
#include "device/runtime/firing.h"
#include "device/shoal.h"
#include "device/shoal_pieces.h"
#include "device/storage/ledger.h"

namespace shoal::test {

using Bytes = std::vector<uint8_t>;

// 16-byte aligned memory with red zones; ASan guards its ends as well. Tests
// make thousands of them, and compilers do not optimize tests: no loop goes
// over bytes.
class Arena {
 public:
  explicit Arena(size_t bytes)
      : bytes_(bytes),
        lines_((bytes + 15) / 16 + 2 * kZone),
        all_(new Line[lines_]) {
    std::memset(memory(), kRed, lines_ * sizeof(Line));
    static const auto unlike = [] {
      std::array<uint8_t, 256> all;
      for (size_t i = 0; i < all.size(); ++i) all[i] = uint8_t(0x5A + i);
      return all;
    }();
    for (size_t at = 0; at < bytes; at += unlike.size()) {
      std::memcpy(data() + at, unlike.data(),
                  std::min(unlike.size(), bytes - at));
    }
  }
  uint8_t* data() { return memory() + kZone * sizeof(Line); }
  size_t size() const { return bytes_; }
  // Returns whether a byte outside was written.
  bool spilled() {
    const uint8_t* const end = data() + bytes_;
    return !is_red(memory(), data()) ||
           !is_red(end, memory() + lines_ * sizeof(Line));
  }

 private:
  static constexpr size_t kZone = 8;  // lines
  static constexpr uint8_t kRed = 0xA5;
  struct alignas(16) Line {
    uint8_t bytes[16];
  };
  uint8_t* memory() { return all_[0].bytes; }
  // At most a zone and a line.
  static bool is_red(const uint8_t* from, const uint8_t* to) {
    static const auto red = [] {
      std::array<uint8_t, (kZone + 1) * sizeof(Line)> all;
      all.fill(kRed);
      return all;
    }();
    return std::memcmp(from, red.data(), size_t(to - from)) == 0;
  }
  size_t bytes_, lines_;
  std::unique_ptr<Line[]> all_;
};

// Storage in memory that answers after `delay` polls.
class SlowStorage {
 public:
  SlowStorage(const Bytes& bytes, int delay) : bytes_(bytes), delay_(delay) {}
  // With `spills` more bytes that may be written, in blocks of `block`.
  shoal_spill_area add_area(uint32_t spills, uint32_t block) {
    const auto at = uint32_t((bytes_.size() + block - 1) / block * block);
    bytes_.resize(at + spills * block, 0xFF);
    writable_ = at, block_ = block;
    return {at, spills * block, block, 16};
  }
  shoal_storage interface() {
    return {this, &read, &poll, writable_ ? &write : nullptr,
            writable_ ? &erase : nullptr};
  }
  int reads() const { return reads_; }
  Bytes& bytes() { return bytes_; }
  int fail_at = -1;  // read that fails, and those behind it
  int fail_times = 1;
  int flip_at = -1;  // read in which a bit is flipped, and those behind it
  int flip_times = 1;
  int refuse_at = -1;

 private:
  bool is_free() const { return !to_ && !from_memory_ && !erasing_; }
  static SlowStorage& of(void* user) {
    return *static_cast<SlowStorage*>(user);
  }
  static int read(void* user, uint32_t offset, uint32_t bytes, void* to) {
    SlowStorage& s = of(user);
    if (!s.is_free() || s.reads_ == s.refuse_at) return 1;
    if (uint64_t{offset} + bytes > s.bytes_.size()) return 1;
    s.from_ = offset, s.count_ = bytes, s.to_ = to, s.left_ = s.delay_;
    std::memset(to, 0xEE, bytes);  // a read under way leaves anything
    return 0;
  }
  bool may_write(uint32_t offset, uint32_t bytes, uint32_t unit) const {
    return is_free() && offset >= writable_ && offset % unit == 0 &&
           bytes % unit == 0 && uint64_t{offset} + bytes <= bytes_.size();
  }
  static int write(void* user, uint32_t offset, uint32_t bytes,
                   const void* from) {
    SlowStorage& s = of(user);
    if (!s.may_write(offset, bytes, 16)) return 1;
    s.from_ = offset, s.count_ = bytes, s.from_memory_ = from;
    s.left_ = s.delay_;
    return 0;
  }
  static int erase(void* user, uint32_t offset, uint32_t bytes) {
    SlowStorage& s = of(user);
    if (!s.may_write(offset, bytes, s.block_)) return 1;
    s.from_ = offset, s.count_ = bytes, s.erasing_ = true, s.left_ = s.delay_;
    return 0;
  }
  static int poll(void* user) {
    SlowStorage& s = of(user);
    if (s.is_free()) return -1;
    if (s.left_-- > 0) return 0;
    uint8_t* there = s.bytes_.data() + s.from_;
    if (s.erasing_) {
      std::memset(there, 0xFF, s.count_);
      s.erasing_ = false;
      return 1;
    }
    if (s.from_memory_) {
      const auto* from = static_cast<const uint8_t*>(s.from_memory_);
      for (uint32_t i = 0; i < s.count_; ++i) there[i] &= from[i];
      s.from_memory_ = nullptr;
      return 1;
    }
    auto* to = static_cast<uint8_t*>(s.to_);
    std::memcpy(to, there, s.count_);
    s.to_ = nullptr;
    const int n = s.reads_++;
    if (n >= s.flip_at && n - s.flip_at < s.flip_times && s.flip_at >= 0) {
      to[s.count_ / 2] ^= 1;
    }
    return s.fail_at >= 0 && n >= s.fail_at && n - s.fail_at < s.fail_times ? -1
                                                                            : 1;
  }

  Bytes bytes_;
  int delay_, left_ = 0, reads_ = 0;
  uint32_t from_ = 0, count_ = 0;
  uint32_t writable_ = 0, block_ = 1;
  void* to_ = nullptr;
  const void* from_memory_ = nullptr;
  bool erasing_ = false;
};

using FiringObserver = std::function<void(const Firing&)>;

struct RunOptions {
  int frames = 1;
  bool mapped = true;
  bool mixed = false;      // mapped: only the program part
  int storage_delay = -1;  // >= 0: there is a storage
  unsigned seed = 1;       // of the amounts pushed and taken
  long max_steps = 1000000;
  int arena_less = 0;  // bytes
  int bank_less[kMaxBanks] = {};
  bool banks = true;  // as many as a program may ask for
  uint32_t arena_cap = 64u << 20;
  bool keep_outputs = true;
  int fail_at = -1, flip_at = -1, refuse_at = -1;  // reads of the storage
  int fail_times = 1, flip_times = 1;
  FiringObserver observer;
  const shoal_link* link = nullptr;
  const shoal_cipher* cipher = nullptr;  // of the store
  const uint8_t* key = nullptr;          // of the node
  const uint8_t* store_id = nullptr;
  uint32_t spill_blocks = 0;  // of the program's pages; 0: no spill area
  shoal_pair* pair = nullptr;
};

struct RunResult {
  Status status = Status::kOk;  // kWait: it never ended
  Fault fault;
  bool spilled = false;
  long steps = 0;
  int reads = 0;  // of the storage
  shoal_storage_counters counters{};
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

inline void call_observer(void* user, const void* firing) {
  (*static_cast<const FiringObserver*>(user))(
      *static_cast<const Firing*>(firing));
}

// A new area for the pages of the image, with the first entry of its ledger.
inline shoal_spill_area add_area(SlowStorage& storage, const Bytes& image,
                                 const RunOptions& options) {
  if (options.spill_blocks == 0) return {};
  Header h;
  std::memcpy(&h, image.data(), sizeof h);
  const shoal_spill_area area =
      storage.add_area(options.spill_blocks, h.spill_page_bytes);
  uint8_t key[kStoreKeyBytes];
  if (options.key) {
    derive_store_key(options.key, h.store_id, generation_of(h), h.node, key);
  }
  const LedgerEntry entry =
      first_entry(options.key ? key : nullptr, generation_of(h), h.store_id);
  std::memcpy(storage.bytes().data() + area.offset, &entry, sizeof entry);
  return area;
}

// Banks of exactly the bytes that the image asks of each.
class Banks {
 public:
  Banks(const Bytes& image, const RunOptions& options) {
    BankTable asked{};
    Header h{};
    // One of no bytes has no address.
    if (!image.empty()) {
      std::memcpy(&h, image.data(), std::min(image.size(), sizeof h));
    }
    const uint64_t at = sizeof h + uint64_t{h.stages} * sizeof(StageEntry) +
                        (uint64_t{h.inputs} + h.outputs) * sizeof(IoEntry) +
                        uint64_t{h.peers} * sizeof(PeerEntry);
    if (has_bank_table(h.version) && at + sizeof asked <= image.size()) {
      std::memcpy(&asked, image.data() + at, sizeof asked);
    }
    for (int b = 0; b < kMaxBanks; ++b) {
      const uint32_t bytes = std::min(asked.bytes[b], options.arena_cap);
      all_.push_back(std::make_unique<Arena>(
          bytes - std::min(bytes, uint32_t(options.bank_less[b]))));
      table_[b] = {all_.back()->data(), uint32_t(all_.back()->size())};
    }
  }
  const shoal_bank* table() const { return table_; }
  bool spilled() {
    return std::any_of(all_.begin(), all_.end(),
                       [](const auto& a) { return a->spilled(); });
  }

 private:
  std::vector<std::unique_ptr<Arena>> all_;
  shoal_bank table_[kMaxBanks];
};

// The bytes of a row of the model's input: its pieces go to the last column.
inline size_t source_row_bytes(const shoal_node* node, uint32_t source) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < shoal_inputs(node); ++i) {
    const shoal_piece piece = shoal_input_piece(node, i);
    if (piece.source != source) continue;
    bytes = std::max(
        bytes, size_t{piece.skip_bytes} + shoal_input_info(node, i).row_bytes);
  }
  return bytes;
}

// Feeds `inputs` (per input of the model, one frame; the same for every frame
// unless it holds all frames) and collects all outputs.
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
  Banks banks(image, options);
  AlignedBytes memory(image);
  SlowStorage slow(image, options.storage_delay);
  slow.fail_at = options.fail_at, slow.flip_at = options.flip_at;
  slow.refuse_at = options.refuse_at;
  slow.fail_times = options.fail_times, slow.flip_times = options.flip_times;
  const shoal_spill_area area = add_area(slow, image, options);
  const shoal_storage storage = slow.interface();
  shoal_config config{};
  if (options.mapped) config.image = memory.data();
  config.image_bytes = static_cast<uint32_t>(image.size());
  if (options.storage_delay >= 0) config.storage = &storage;
  config.storage_bytes = static_cast<uint32_t>(image.size());
  uint32_t program_bytes = 0;
  if (options.mixed) {
    std::memcpy(&program_bytes, image.data() + offsetof(Header, program_bytes),
                4);
    config.image_bytes = std::min(program_bytes, config.image_bytes);
  }
  AlignedBytes part(
      options.mixed ? Bytes(image.begin(), image.begin() + config.image_bytes)
                    : Bytes());
  if (options.mixed) config.image = part.data();
  config.store_cipher = options.cipher, config.store_key = options.key;
  config.store_id = options.store_id;
  if (options.spill_blocks) config.spill_area = &area;
  const uint8_t salt[16] = {1, 2, 3};
  config.start_salt = salt;
  config.link = options.link;
  config.pair = options.pair;
  if (options.banks) {
    config.banks = banks.table();
    config.bank_count = kMaxBanks;
  }
  if (options.observer) {
    config.tap = &call_observer;
    config.tap_user = const_cast<FiringObserver*>(&options.observer);
  }
  auto node = std::make_unique<shoal_node>();
  const auto finish = [&](int status) {
    result.status = static_cast<Status>(status);
    const shoal_fault f = shoal_last_fault(node.get());
    result.fault = {static_cast<Status>(f.status),
                    static_cast<Table>(f.table),
                    f.stage,
                    f.index,
                    f.check,
                    f.layer};
    result.spilled = arena.spilled() || banks.spilled();
    result.reads = slow.reads();
    result.counters = shoal_read_counters(node.get()).storage;
    return result;
  };
  int status = shoal_open(node.get(), &config, arena.data(), arena_bytes);
  if (status < SHOAL_OK) return finish(status);
  while (shoal_outputs(node.get()) + shoal_inputs(node.get()) == 0) {
    status = shoal_step(node.get());
    if (status < SHOAL_OK) return finish(status);
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
    for (uint32_t i = 0; i < n_in; ++i) {
      const shoal_io_info info = shoal_input_info(node.get(), i);
      const shoal_piece piece = shoal_input_piece(node.get(), i);
      if (piece.source >= inputs.size()) continue;
      const Bytes& rows = inputs[piece.source];
      const size_t row = source_row_bytes(node.get(), piece.source);
      const size_t all = rows.size() / std::max<size_t>(1, row);
      if (all == 0 || sent[i] >= info.rows * frames) continue;
      const size_t at = sent[i] % all;
      const uint32_t most = static_cast<uint32_t>(
          std::min<size_t>(all - at, info.rows * frames - sent[i]));
      // Pieces of rows do not lie one behind the other.
      const uint32_t some = row == info.row_bytes ? 4 : 2;
      sent[i] += shoal_push_rows(node.get(), i,
                                 rows.data() + at * row + piece.skip_bytes,
                                 std::min<uint32_t>(most, random() % some));
    }
    status = shoal_step(node.get());
    if (status < SHOAL_OK) return finish(status);
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
