// A board's firmware in QEMU, and the listener to its console.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/board/process.h"

namespace shoal {

// Returns the folder with the firmware of boards, each in a folder of its name:
// of the build that this program lies in, or of its installation
// (PREFIX/share/shoal/boards, from PREFIX/bin/shoal).
std::filesystem::path firmware_folder();

struct FirmwareRun {
  const Board& board;                     // with an emulator
  std::filesystem::path folder;           // with NAME/`firmware` in it
  std::string firmware;                   // "firmware.elf"
  std::vector<std::string> arguments;     // of the firmware's command line
  std::vector<std::string> options = {};  // more of QEMU's
  int seconds = 120;                      // that it may take
};

// Returns the emulator's command line except for time and network. Throws
// Error(kInternal) if the firmware is not there, Error(kUsage) if the board has
// no emulator.
std::vector<std::string> emulator_line(const FirmwareRun&);

// Throws Error(kInternal) if firmware or emulator are not there.
Ended run_firmware(const FirmwareRun&,
                   const std::function<void(std::span<const uint8_t>)>& said);
// Throws `failure`; else Error(kNode) unless all was said and the end was good.
void require_good_end(const FirmwareRun&, const std::optional<Error>& failure,
                      bool done, const Ended&);

template <class Listener>
void run_to_end(const FirmwareRun& run, Listener& listener) {
  const Ended ended = run_firmware(
      run, [&](std::span<const uint8_t> said) { listener.feed(said); });
  require_good_end(run, listener.failure(), listener.done(), ended);
}

}  // namespace shoal
