#include "boards/firmware/firmware.h"

#include <cstring>

#include "boards/firmware/console_writer.h"
#include "boards/firmware/counters.h"
#include "boards/firmware/frame_io.h"
#include "boards/firmware/options.h"
#include "boards/firmware/self_test.h"
#include "boards/firmware/shared_storage.h"
#include "device/base/status.h"
#include "device/link/cipher.h"
#include "device/runtime/firing.h"
#include "device/storage/directory.h"

namespace shoal {
namespace {

#ifdef SHOAL_TAP
constexpr uint32_t kHasObserver = 1;
#else
constexpr uint32_t kHasObserver = 0;
#endif

// Fills an arena, so that what was written into it can be seen.
constexpr uint8_t kPaint = 0xC5;

// Returns the bytes up to the last one that is not paint any more.
uint32_t touched(const void* memory, uint32_t bytes) {
  const auto* byte = static_cast<const uint8_t*>(memory);
  while (bytes > 0 && byte[bytes - 1] == kPaint) --bytes;
  return bytes;
}

// The node's own memory: besides the stack all that grows with nothing.
shoal_node node;
uint8_t node_key[kKeyBytes];
#if defined(SHOAL_TWO_CORES)
shoal_pair pair;
#endif

void copy_id(char (&to)[16], const char* from) {
  for (size_t i = 0; i < sizeof to && *from; ++i) to[i] = *from++;
}

class Firmware {
 public:
  explicit Firmware(const shoal_port& port)
      : port_(port),
        console_(port),
        storage_(port.storage),
        counters_(port, console_, has_option(port.command, "layers")),
        io_(node, storage_.of(SharedStorage::kInput), console_) {}

  int run() {
    hello();
    run_self_test(port_);
    if (has_option(port_.command, "test=storage") && !storage_works(port_)) {
      refuse(Refusal::kStorage);
      return kExitRefused;
    }
    if (has_option(port_.command, "sizes")) {
      report_end(0);
      return kExitDone;
    }
    if (refuse_storage(port_, console_)) return kExitRefused;
    if (!read_directory() || !load() || !check_input()) return kExitRefused;
    for (uint32_t f = 0; f < directory_.frames; ++f) {
      if (!run_frame(f)) return kExitRefused;
    }
    say_cores();
    report_end(shoal_arena_bytes(&node));
    return kExitDone;
  }

 private:
  void hello() {
    ConsoleHello h{};
    copy_id(h.board, port_.board);
    h.ticks_per_second = port_.ticks_per_second;
    h.has_observer = kHasObserver;
    console_.send(ConsoleType::kHello, h);
  }

  bool refuse(Refusal refusal, Status status = Status::kOk) {
    ConsoleRefused r{};
    r.refusal = static_cast<uint8_t>(refusal);
    r.status = static_cast<int8_t>(status);
    r.stage = r.index = 0xFFFF;
    std::memcpy(r.board, directory_.board, sizeof r.board);
    console_.send(ConsoleType::kRefused, r);
    return false;
  }

  bool refuse_program(shoal_status status) {
    const shoal_fault why = shoal_last_fault(&node);
    ConsoleRefused r{};
    r.refusal = static_cast<uint8_t>(Refusal::kProgram);
    r.status = static_cast<int8_t>(status);
    r.table = why.table;
    r.stage = why.stage, r.index = why.index, r.check = why.check;
    console_.send(ConsoleType::kRefused, r);
    return false;
  }

  bool read_directory() {
    const auto bytes = static_cast<uint32_t>(sizeof directory_);
    storage_.set_part(SharedStorage::kInput, 0, port_.storage_bytes);
    const shoal_storage& s = storage_.of(SharedStorage::kInput);
    if (s.read(s.user, 0, bytes, &directory_) != 0) {
      return refuse(Refusal::kStorage);
    }
    int answer = 0;
    while (answer == 0) answer = s.poll(s.user);
    if (answer < 0) return refuse(Refusal::kStorage);
    return take_directory();
  }

  bool take_directory() {
    const Directory read = directory_;
    const DirectoryFault fault =
        check_directory(reinterpret_cast<const uint8_t*>(&read), sizeof read,
                        port_.storage_bytes, port_.board, directory_);
    if (fault != DirectoryFault::kNone) return refuse_directory(fault);
    const Directory& d = directory_;
    program_part_ = d.image_bytes;
    if (d.spill_bytes) {
      program_part_ = d.spill + d.spill_bytes - d.program;
      spill_area_ = {d.spill - d.program, d.spill_bytes, d.spill_erase_bytes,
                     d.spill_write_bytes};
    }
    storage_.set_part(SharedStorage::kProgram, d.program, program_part_);
    storage_.set_part(SharedStorage::kInput, d.input, d.input_bytes);
    return true;
  }

  bool refuse_directory(DirectoryFault fault) {
    switch (fault) {
      case DirectoryFault::kNoMagic:
        return refuse(Refusal::kNoDirectory);
      case DirectoryFault::kVersion:
        return refuse(Refusal::kVersion);
      case DirectoryFault::kDamaged:
        return refuse(Refusal::kDirectoryTag, Status::kBadTag);
      case DirectoryFault::kOtherBoard:
        return refuse(Refusal::kOtherBoard);
      case DirectoryFault::kTooLong:
        return refuse(Refusal::kTooLong);
      default:
        return refuse(Refusal::kDirectory);
    }
  }

  bool load() {
    shoal_config config{};
    config.image_bytes = directory_.image_bytes;
    config.storage = &storage_.of(SharedStorage::kProgram);
    if (port_.mapped_storage) {
      config.image = static_cast<const uint8_t*>(port_.mapped_storage) +
                     directory_.program;
      config.storage_bytes = program_part_;
    }
    config.store_id = directory_.store_id;
    if (directory_.spill_bytes) config.spill_area = &spill_area_;
    if (read_key(port_.command, node_key)) {
      config.store_cipher = &chacha20_poly1305();
      config.store_key = node_key;
    }
    if (read_salt(port_.command, salt_) ||
        (port_.draw_entropy &&
         port_.draw_entropy(port_.user, salt_, sizeof salt_) == 0)) {
      config.start_salt = salt_;
    }
#if defined(SHOAL_TWO_CORES)
    config.pair = start_pair();
#endif
    config.tap = &Firmware::on_firing;
    config.tap_user = this;
    std::memset(port_.arena, kPaint, port_.arena_bytes);
    counters_.start(0);
    shoal_status status =
        shoal_open(&node, &config, port_.arena, port_.arena_bytes);
    // Without outputs the program is still being read.
    while (status >= SHOAL_OK && shoal_outputs(&node) == 0) {
      status = shoal_step(&node);
    }
    counters_.pause();
    counters_.spent_on(kNoLayer);
    load_ticks_ = counters_.ticks();
    return status >= SHOAL_OK || refuse_program(status);
  }

#if defined(SHOAL_TWO_CORES)
  shoal_pair* start_pair() {
    if (!port_.second_core || has_option(port_.command, "cores=1")) {
      return nullptr;
    }
    static_cast<void>(shoal_start_pair(&pair, port_.second_core));
    return &pair;
  }

  // A board whose second core does not answer computes on the other one.
  void say_cores() {
    if (!pair.core || shoal_pair_status(&pair) == SHOAL_OK) return;
    constexpr char kText[] = "one core: the second core does not answer";
    console_.begin(ConsoleType::kText, sizeof kText - 1);
    console_.put(kText, sizeof kText - 1);
    console_.end();
  }
#else
  void say_cores() {}
#endif

  bool check_input() {
    const uint32_t bytes = io_.frame_bytes();
    if (bytes == 0 ||
        directory_.frames * uint64_t{bytes} != directory_.input_bytes) {
      return refuse(Refusal::kInput);
    }
    return true;
  }

  bool run_frame(uint32_t frame) {
    io_.begin_frame(frame);
    counters_.start(frame);
    while (shoal_frames(&node) <= frame || !io_.complete()) {
      if (!io_.feed()) return refuse(Refusal::kStorage);
      counters_.spent_on(kNoLayer);
      const shoal_status status = shoal_step(&node);
      counters_.spent_on(shoal_last_layer(&node));
      if (status < SHOAL_OK) return refuse_program(status);
      counters_.pause();
      const bool collected = io_.collect();
      counters_.resume();
      if (status == SHOAL_WAIT && !collected && port_.wait_for_interrupt) {
        port_.wait_for_interrupt(port_.user);
      }
    }
    counters_.stop();
    frame_ticks_ += counters_.ticks();
    return true;
  }

  void report_end(uint32_t program_arena_bytes) {
    ConsoleEnd e{};
    e.frames = directory_.frames;
    e.program_bytes = directory_.image_bytes;
    e.arena_bytes = program_arena_bytes;
    e.arena_available = port_.arena_bytes;
    if (program_arena_bytes) {
      e.arena_touched = touched(port_.arena, port_.arena_bytes);
    }
    static_assert(sizeof(shoal_memory) == sizeof e.memory);
    shoal_memory memory{};
    port_.measure_memory(port_.user, &memory);
    std::memcpy(e.memory, &memory, sizeof memory);
    e.program_read_bytes = storage_.read_bytes(SharedStorage::kProgram);
    e.input_read_bytes = storage_.read_bytes(SharedStorage::kInput);
    e.load_ticks_low = static_cast<uint32_t>(load_ticks_);
    e.load_ticks_high = static_cast<uint32_t>(load_ticks_ >> 32);
    e.frame_ticks_low = static_cast<uint32_t>(frame_ticks_);
    e.frame_ticks_high = static_cast<uint32_t>(frame_ticks_ >> 32);
    console_.send(ConsoleType::kEnd, e);
  }

  static void on_firing(void* user, const void* what) {
    auto& self = *static_cast<Firmware*>(user);
    if (!has_option(self.port_.command, "trace")) return;
    self.counters_.pause();
    self.send_firing(*static_cast<const Firing*>(what));
    self.counters_.resume();
  }

  void send_firing(const Firing& f) {
    const ConsoleFiring head{f.stage, f.actor, f.y0, f.y1,           f.x0,
                             f.x1,    f.c0,    f.c1, f.element_bytes};
    const uint32_t pixels = f.x1 - f.x0;
    const uint32_t pixel_bytes =
        static_cast<uint32_t>(f.c1 - f.c0) * f.element_bytes;
    const auto head_bytes = static_cast<uint32_t>(sizeof head);
    console_.begin(ConsoleType::kFiring,
                   head_bytes + (f.y1 - f.y0) * pixels * pixel_bytes);
    console_.put(&head, head_bytes);
    for (uint32_t y = f.y0; y < f.y1; ++y) {
      const uint8_t* row = f.row(y);
      if (f.pixel_bytes == pixel_bytes) {
        console_.put(row, pixels * pixel_bytes);
        continue;
      }
      for (uint32_t x = 0; x < pixels; ++x) {
        console_.put(row + x * f.pixel_bytes, pixel_bytes);
      }
    }
    console_.end();
  }

  static constexpr uint16_t kNoLayer = 0xFFFF;

  const shoal_port& port_;
  ConsoleWriter console_;
  SharedStorage storage_;
  Counters counters_;
  FrameIo io_;
  Directory directory_{};
  shoal_spill_area spill_area_{};
  uint8_t salt_[16]{};
  uint32_t program_part_ = 0;  // bytes of storage with program and spills
  uint64_t load_ticks_ = 0, frame_ticks_ = 0;
};

}  // namespace

int run_firmware(const shoal_port& port) { return Firmware(port).run(); }

void send_fault(const shoal_port& port, const ConsoleFault& fault) {
  ConsoleWriter(port).send(ConsoleType::kFault, fault);
}

}  // namespace shoal
