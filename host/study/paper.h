// Figures of a published system, quoted beside ours: a TOML file with its
// source, compiled in.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shoal {

struct Quote {
  std::string quantity;  // "ram_kb", "traffic_mb", "latency_s", ...
  int input = 0;         // rows of the picture
  int nodes = 0;         // 0: whatever their number
  double value = 0;
};

struct Paper {
  std::string source, model, board;
  std::string model_file;  // part of the file names of such models
  std::vector<Quote> quotes;
  std::optional<double> find(const std::string& quantity, int input,
                             int nodes) const;
};

// Throws Error(kUsage) naming the file and the key.
Paper parse_paper(const std::string& file, const std::string& toml);

// Returns host/study/paper_split.toml as it was compiled in.
const char* paper_split_toml();

}  // namespace shoal
