// Why a node stopped or refused its program, in words: the same ones whether it
// ran on this computer, in virtual time, as a worker or on a board.
#pragma once

#include <span>
#include <string>

#include "device/base/status.h"
#include "device/shoal.h"
#include "host/base/error.h"

namespace shoal {

// Returns what shoal_last_fault() says of a call that answered `status`.
Fault fault_of(const shoal_fault&, int status);

// "stage 3, chunk 7 is wrong (check 55)". `layers`: names of the net's layers,
// if they are known. Any number may be in any field: a board's or worker's word
// is not trusted.
std::string fault_text(const Fault&, std::span<const std::string> layers = {});

// Says who made the program. A record that is wrong in a program of this very
// run is shoal's own mistake.
enum class Maker : uint8_t { kUnknown, kThisRun };

// Returns the fault as an error of what the node was given, or, of a program of
// this run, as Error(kInternal) with a request to report it.
Error fault_error(const Fault&, std::span<const std::string> layers = {},
                  Maker = Maker::kUnknown);

}  // namespace shoal
