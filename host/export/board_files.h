// The files that a project without an SDK has besides the application: they
// make a board boot in QEMU, if it is such a one.
#pragma once

#include <string>
#include <vector>

#include "host/export/embedded.h"
#include "host/export/layouts.h"

namespace shoal {

// Returns null if QEMU does not emulate the board, or if the files that make it
// boot are missing.
const BootFacts* boots_in_emulator(const Board&);
// "emulated", "host" or "bare": which templates are its.
std::string kind_of(const Board&);

// Returns the macros of the board's and the application's sources, as flags.
std::string boot_definitions(const Exported&, const BootFacts&);
// QEMU_PROGRAM, MACHINE, ..., STACK_BYTES.
void add_emulator_values(const Exported&, const BootFacts&, TemplateValues&);
// The sources of boards/ and the linker scripts; returns the sources.
std::vector<std::string> add_board(const Exported&, const BootFacts&, Project&);

}  // namespace shoal
