// Figures of another library (bench/quoted_kernels.toml): quoted, never
// measured here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace shoal {

struct QuotedLayer {
  int64_t macs = 0;
  std::map<std::string, double> per_mac;  // by column of the file
};

struct QuotedKernels {
  std::string library, commit, compiler, flags, emulator;
  std::map<std::string, std::string> cores;  // a board's core -> column
  std::map<std::string, QuotedLayer> layers;

  // Instructions per multiply-accumulate, if the file has them.
  std::optional<double> per_mac(const std::string& layer,
                                const std::string& core) const;
};

// Throws Error(kUsage), naming the key that is missing or of the wrong kind.
QuotedKernels parse_quoted(const std::string& toml);

// Returns the file's text, compiled in.
const char* quoted_file();

}  // namespace shoal
