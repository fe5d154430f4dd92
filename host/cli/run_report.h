// What `shoal run` prints, wherever the model ran.
#pragma once

#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/engine/engine.h"

namespace shoal {

// Writes --output, prints text or JSON.
void report_run(const RunFlags&, const Graph&,
                const std::vector<std::string>& labels, const Bytes& output,
                const EngineReport&);

// "arena    12,345 B, 3 stages, board teensy41", a line for each.
void print_arenas(const std::vector<EngineNode>&);

// --trace of an answer that has values.
void write_trace(const std::string& file, const Graph&, const Answer&);

}  // namespace shoal
