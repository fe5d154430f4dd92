// For tests that boot a board in QEMU: whether that is possible here, and the
// options that find the firmware of this build.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "host/board/board.h"
#include "host/engine/board/emulate.h"
#include "host/engine/board/process.h"

namespace shoal {

// Returns none where there is no firmware or no QEMU.
inline std::optional<EmulateOptions> board_that_boots(
    const std::string& name = "emcraft-sf2") {
  EmulateOptions options;
  options.board = &find_board(name);
  options.firmware = SHOAL_FIRMWARE;
  const bool firmware =
      std::filesystem::exists(options.firmware / name / "firmware.elf");
  const std::string& emulator = options.board->emulator->program;
  if (firmware && has_program(emulator)) return options;
  std::fprintf(stderr, "skipped: no %s\n",
               (firmware ? emulator : "firmware for " + name).c_str());
  return std::nullopt;
}

// Ends the test program as skipped without them. Where both have to be (the
// project's own test run), SHOAL_BOOT=1 makes that a failure.
inline EmulateOptions emulated_board(FiringObserver observer = {},
                                     const std::string& name = "emcraft-sf2") {
  std::optional<EmulateOptions> options = board_that_boots(name);
  if (!options) std::exit(std::getenv("SHOAL_BOOT") ? 1 : 77);
  options->observer = observer;
  return *options;
}

}  // namespace shoal
