// Cycles an instruction (bench/estimated_cycles.toml): estimated from what
// kernels execute and from tables of instruction timings.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace shoal {

struct CycleEstimates {
  std::map<std::string, std::string> sources;  // by core: of the timings
  // By layer, by core.
  std::map<std::string, std::map<std::string, double>> layers;

  // Cycles an instruction, if the file has them.
  std::optional<double> of(const std::string& layer,
                           const std::string& core) const;
};

// Throws Error(kUsage), naming the key that is missing or of the wrong kind.
CycleEstimates parse_estimates(const std::string& toml);

// Returns the file's text, compiled in.
const char* estimates_file();

}  // namespace shoal
