#include "host/emulate/emulate.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "device/runtime/tap.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/emulate/console.h"
#include "host/emulate/process.h"
#include "host/emulate/refusal.h"
#include "host/run/frame.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// A folder of its own for the storage's file.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "shoal-XXXXXX").string();
    if (!mkdtemp(name.data())) {
      throw Error(Exit::kInternal, name + ": cannot be made");
    }
    folder_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

fs::path find_firmware(const EmulateOptions& options) {
  const fs::path file =
      options.build / "boards" / options.board->name /
      (options.tap.call ? "firmware-debug.elf" : "firmware.elf");
  if (fs::exists(file)) return file;
  throw Error(Exit::kInternal,
              file.string() + " is missing: this build has no firmware for " +
                  options.board->name,
              "install the packages gcc-arm-none-eabi, "
              "libnewlib-arm-none-eabi and libstdc++-arm-none-eabi-newlib, run "
              "tools/sources.sh and build again");
}

std::vector<std::string> command_line(const EmulateOptions& options,
                                      const fs::path& firmware,
                                      const fs::path& storage) {
  const Emulator& e = *options.board->emulator;
  std::string semihosting =
      "enable=on,target=native,arg=shoal,arg=layers,arg=trace";
  if (!options.tap.call) semihosting.resize(semihosting.rfind(','));
  if (!options.command.empty()) semihosting += ",arg=" + options.command;
  return {"qemu-system-arm",
          "-M",
          e.machine,
          "-kernel",
          firmware.string(),
          "-nographic",
          "-monitor",
          "none",
          "-serial",
          "stdio",
          "-semihosting-config",
          semihosting,
          "-drive",
          e.drive + ",file=" + storage.string(),
          "-net",
          "none",
          "-icount",
          "shift=" + std::to_string(e.icount_shift)};
}

template <class T>
T payload_as(const ConsoleFrame& frame) {
  T value;
  if (frame.payload.size() < sizeof value) {
    throw Error(Exit::kNode, "the console says a frame that is too short");
  }
  std::memcpy(&value, frame.payload.data(), sizeof value);
  return value;
}

class Listener {
 public:
  explicit Listener(const EmulateOptions& options)
      : options_(options),
        decoder_([this](const ConsoleFrame& f) { take(f); }) {}

  void feed(std::span<const uint8_t> bytes) { decoder_.feed(bytes); }

  Emulated finish(const Ended& ended) {
    const std::string& board = options_.board->name;
    if (failure_) throw *failure_;
    if (ended.timed_out) {
      throw Error(Exit::kNode, board + " was silent for " +
                                   std::to_string(options_.seconds) + " s");
    }
    if (!done_ || !decoder_.at_rest() || ended.code != 0) {
      std::string text = board + " ended early (QEMU's exit code " +
                         std::to_string(ended.code) + ")";
      if (!ended.error_text.empty()) text += ": " + ended.error_text;
      throw Error(Exit::kNode, text);
    }
    return std::move(result_);
  }

 private:
  void take(const ConsoleFrame& f) {
    switch (f.type) {
      case FrameType::kHello:
        return hello(payload_as<HelloFrame>(f));
      case FrameType::kOutput:
        return output(f);
      case FrameType::kLayer:
        return layer(payload_as<LayerFrame>(f));
      case FrameType::kFiring:
        return firing(f);
      case FrameType::kEnd:
        return end(payload_as<EndFrame>(f));
      case FrameType::kRefused:
        failure_ = refusal_error(*options_.board, payload_as<RefusedFrame>(f));
        return;
      case FrameType::kFault:
        failure_ = fault_error(*options_.board, payload_as<FaultFrame>(f));
        return;
    }
    throw Error(Exit::kNode, "the console says a frame of no known type");
  }

  void hello(const HelloFrame& h) {
    const std::string id(h.board, strnlen(h.board, sizeof h.board));
    if (id != options_.board->name || h.ticks_per_second == 0) {
      throw Error(Exit::kNode, "the firmware is one for board '" + id + "'");
    }
    const double instruction_s =
        std::ldexp(1e-9, options_.board->emulator->icount_shift);
    ticks_per_instruction_ = h.ticks_per_second * instruction_s;
  }

  int64_t instructions(uint64_t ticks) const {
    return std::llround(static_cast<double>(ticks) / ticks_per_instruction_);
  }

  void output(const ConsoleFrame& f) {
    const auto head = payload_as<OutputFrame>(f);
    if (head.frame > result_.outputs.size() || head.output > 0xFFFF) {
      throw Error(Exit::kNode, "the console says an output out of turn");
    }
    if (head.frame == result_.outputs.size()) result_.outputs.emplace_back();
    auto& outputs = result_.outputs[head.frame];
    if (outputs.size() <= head.output) outputs.resize(head.output + 1);
    auto& rows = outputs[head.output];
    rows.insert(rows.end(), f.payload.begin() + sizeof head, f.payload.end());
  }

  void layer(const LayerFrame& l) {
    const int index = l.layer == 0xFFFF ? -1 : l.layer;
    result_.layers[index].steps += l.steps;
    ticks_[index] += l.ticks;
  }

  // The rows lie packed behind the head.
  void firing(const ConsoleFrame& f) {
    const auto head = payload_as<FiringFrame>(f);
    Firing firing{};
    firing.stage = head.stage;
    firing.actor = head.actor;
    firing.element_bytes = static_cast<uint8_t>(head.element_bytes);
    firing.y0 = head.y0, firing.y1 = head.y1;
    firing.x0 = head.x0, firing.x1 = head.x1;
    firing.c0 = head.c0, firing.c1 = head.c1;
    firing.pixel_bytes =
        static_cast<uint32_t>(head.c1 - head.c0) * head.element_bytes;
    firing.row_bytes =
        static_cast<uint32_t>(head.x1 - head.x0) * firing.pixel_bytes;
    const auto rows = static_cast<uint32_t>(head.y1 - head.y0);
    if (f.payload.size() != sizeof head + size_t{rows} * firing.row_bytes) {
      throw Error(Exit::kNode, "the console says a firing of a wrong size");
    }
    firing.memory = f.payload.data() + sizeof head;
    firing.first_row = 0u - head.y0;
    firing.slots = 0x10000;
    if (options_.tap.call) options_.tap.call(options_.tap.user, &firing);
  }

  void end(const EndFrame& e) {
    const auto wide = [](uint32_t low, uint32_t high) {
      return uint64_t{high} << 32 | low;
    };
    result_.end = e;
    static_assert(sizeof result_.memory == sizeof e.memory);
    std::memcpy(&result_.memory, e.memory, sizeof e.memory);
    result_.load_instructions =
        instructions(wide(e.load_ticks_low, e.load_ticks_high));
    result_.frame_instructions =
        instructions(wide(e.frame_ticks_low, e.frame_ticks_high));
    for (auto& [index, count] : result_.layers) {
      count.instructions = instructions(ticks_[index]);
    }
    done_ = true;
  }

  const EmulateOptions& options_;
  ConsoleDecoder decoder_;
  Emulated result_;
  std::map<int, uint64_t> ticks_;
  double ticks_per_instruction_ = 1;
  std::optional<Error> failure_;
  bool done_ = false;
};

}  // namespace

Emulated emulate(const EmulateOptions& options,
                 std::span<const uint8_t> image) {
  if (!options.board->emulator) {
    throw Error(Exit::kUsage,
                "board " + options.board->name + " has no emulator");
  }
  const fs::path firmware = find_firmware(options);
  const Scratch scratch;
  const fs::path storage = scratch.folder() / "storage.img";
  write_file(storage.string(), image);
  const auto bytes = options.board->emulator->storage_bytes;
  if (truncate(storage.c_str(), bytes) != 0) {
    throw Error(Exit::kInternal, storage.string() + ": cannot be written");
  }
  Listener listener(options);
  const Ended ended =
      run_process(command_line(options, firmware, storage), options.seconds,
                  [&](std::span<const uint8_t> said) { listener.feed(said); });
  return listener.finish(ended);
}

std::vector<uint8_t> file_outputs(
    const Graph& graph, const Net& net,
    const std::vector<std::vector<uint8_t>>& rows) {
  std::vector<uint8_t> all;
  for (size_t o = 0; o < net.outputs.size(); ++o) {
    const NetIo& io = net.outputs[o];
    const Tensor& t = graph.tensors[static_cast<size_t>(io.file_tensor)];
    std::vector<uint8_t> bytes(
        static_cast<size_t>(element_count(t.shape) * type_bytes(t.type)));
    FrameWriter writer(graph, io, bytes);
    const auto row_bytes = static_cast<size_t>(writer.row_bytes());
    const auto count = static_cast<size_t>(writer.rows());
    if (o >= rows.size() || rows[o].size() != row_bytes * count) {
      throw Error(Exit::kNode, "the board gave an output of a wrong size");
    }
    for (size_t y = 0; y < count; ++y) {
      writer.write(static_cast<int>(y),
                   reinterpret_cast<const int8_t*>(&rows[o][y * row_bytes]));
    }
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

fs::path own_build_folder() {
  return fs::read_symlink("/proc/self/exe").parent_path() / ".." / "..";
}

}  // namespace shoal
