// The figures of the swapping paper, quoted beside ours: a TOML file with its
// source, compiled in.
#pragma once

#include <string>
#include <vector>

namespace shoal {

struct SwapPaper {
  std::string source, finding;
  struct Concern {
    std::string name;
    std::string question;  // of the study
  };
  std::vector<Concern> concerns;
};

// Throws Error(kUsage) naming the file and the key.
SwapPaper parse_swap_paper(const std::string& file, const std::string& toml);

// Returns host/study/paper_swap.toml as it was compiled in.
const char* paper_swap_toml();

}  // namespace shoal
