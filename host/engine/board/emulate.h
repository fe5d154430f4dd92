// Runs a storage image on an emulated board: the board's real firmware, QEMU
// as its hardware. What comes back are output rows and the node's own
// counters.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/engine/board/listener.h"
#include "host/engine/common/firing_observer.h"
#include "host/lower/net.h"
#include "host/model/graph/graph.h"

namespace shoal {

struct EmulateOptions {
  const Board* board = nullptr;    // required, with an emulator
  std::filesystem::path firmware;  // firmware_folder()
  // With an observer the debug firmware runs and sends every row that it makes.
  FiringObserver observer;
  std::string command;  // further options for the firmware
  int seconds = 120;    // that the run may take
};

// Throws Error(kInternal) if firmware or emulator are not there, Error(kNode)
// if the board faults, does not end or talks nonsense, Error(kCorrupt) if it
// refuses what lies in its storage.
Emulated emulate(const EmulateOptions&, std::span<const uint8_t> image);

}  // namespace shoal
