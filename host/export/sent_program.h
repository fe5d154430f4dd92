// A program as `shoal send --program` brings it to a board that runs alone
// (device/alone/sent.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "device/alone/wire.h"
#include "host/export/application.h"
#include "host/export/sources.h"

namespace shoal {

// Throws Error before anything is sent: kDoesNotFit with the numbers, or
// kUnsupported naming the operators that the board was built without. `board`:
// its id; `where`: its name for messages.
std::vector<uint8_t> sent_program(const ExportedNetwork&, const Needs&,
                                  const alone::ProgramRoom&,
                                  const std::string& board,
                                  const std::string& where);

}  // namespace shoal
