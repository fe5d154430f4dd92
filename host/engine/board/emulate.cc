#include "host/engine/board/emulate.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "host/base/error.h"
#include "host/engine/board/process.h"
#include "host/engine/local/frame.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// The storage's bytes, erased behind the image, as a file without a name:
// nothing is left behind, however this process ends. The emulator inherits it.
class StorageFile {
 public:
  StorageFile(std::span<const uint8_t> image, int64_t bytes)
      : file_(memfd_create("storage", 0)) {
    const auto count = static_cast<size_t>(bytes);
    void* to = MAP_FAILED;
    if (file_ >= 0 && image.size() <= count && ftruncate(file_, bytes) == 0) {
      to = mmap(nullptr, count, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    }
    if (to != MAP_FAILED) {
      std::memset(to, 0xFF, count);
      std::memcpy(to, image.data(), image.size());
      munmap(to, count);
    } else {
      const std::string why = strerror(errno);
      close(file_);
      throw Error(Exit::kInternal, "no memory for the storage: " + why);
    }
  }
  ~StorageFile() { close(file_); }
  StorageFile(const StorageFile&) = delete;
  StorageFile& operator=(const StorageFile&) = delete;
  // In the emulator.
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
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
                                      const StorageFile& storage) {
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
          e.drive + ",file=" + storage.path(),
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
    throw Error(Exit::kNode, board + " did not end within " +
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
  const StorageFile storage(image, options.board->emulator->storage_bytes);
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
  return fs::read_symlink("/proc/self/exe")
      .parent_path()
      .parent_path()
      .parent_path();
}

}  // namespace shoal
