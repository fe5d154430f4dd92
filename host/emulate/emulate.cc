#include "host/emulate/emulate.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/emulate/process.h"
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

Emulated good_end(const EmulateOptions& options, const Listener& listener,
                  const Ended& ended) {
  const std::string& board = options.board->name;
  if (listener.failure()) throw *listener.failure();
  if (ended.timed_out) {
    throw Error(Exit::kNode, board + " was silent for " +
                                 std::to_string(options.seconds) + " s");
  }
  if (!listener.done() || ended.code != 0) {
    std::string text = board + " ended early (QEMU's exit code " +
                       std::to_string(ended.code) + ")";
    if (!ended.error_text.empty()) text += ": " + ended.error_text;
    throw Error(Exit::kNode, text);
  }
  return listener.result();
}

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
  Listener listener(*options.board,
                    std::ldexp(1e-9, options.board->emulator->icount_shift),
                    options.tap);
  const Ended ended =
      run_process(command_line(options, firmware, storage), options.seconds,
                  [&](std::span<const uint8_t> said) { listener.feed(said); });
  return good_end(options, listener, ended);
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
