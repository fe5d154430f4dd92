#include "host/engine/board/emulate.h"

#include <cmath>

#include "host/base/error.h"
#include "host/engine/board/emulator.h"
#include "host/engine/board/memory_file.h"

namespace shoal {
namespace {

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
  const MemoryFile storage(image, e.storage_bytes);
  const bool traced = options.observer.call != nullptr;
  FirmwareRun run{board,
                  options.firmware,
                  traced ? "firmware-debug.elf" : "firmware.elf",
                  {"shoal", "layers"},
                  storage_options(e, storage.path()),
                  options.seconds};
  if (traced) run.arguments.emplace_back("trace");
  if (!options.command.empty()) run.arguments.push_back(options.command);
  Listener listener(board, std::ldexp(1e-9, e.icount_shift), options.observer);
  run_to_end(run, listener);
  return listener.result();
}

}  // namespace shoal
