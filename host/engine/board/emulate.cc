#include "host/engine/board/emulate.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "host/base/error.h"
#include "host/engine/board/emulator.h"

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

std::vector<std::string> storage_options(const Emulator& e,
                                         const std::string& file) {
  if (!e.drive.empty()) return {"-drive", e.drive + ",file=" + file};
  return {"-device", "loader,file=" + file +
                         ",force-raw=on,addr=" + std::to_string(e.storage_at)};
}

}  // namespace

Emulated emulate(const EmulateOptions& options,
                 std::span<const uint8_t> image) {
  const Board& board = *options.board;
  if (!board.emulator) {
    throw Error(Exit::kUsage, "board " + board.name + " has no emulator");
  }
  const Emulator& e = *board.emulator;
  const StorageFile storage(image, e.storage_bytes);
  const bool traced = options.tap.call != nullptr;
  FirmwareRun run{board,
                  options.build,
                  traced ? "firmware-debug.elf" : "firmware.elf",
                  {"shoal", "layers"},
                  storage_options(e, storage.path()),
                  options.seconds};
  if (traced) run.arguments.emplace_back("trace");
  if (!options.command.empty()) run.arguments.push_back(options.command);
  Listener listener(board, std::ldexp(1e-9, e.icount_shift), options.tap);
  run_to_end(run, listener);
  return listener.result();
}

fs::path own_build_folder() {
  return fs::read_symlink("/proc/self/exe")
      .parent_path()
      .parent_path()
      .parent_path();
}

}  // namespace shoal
