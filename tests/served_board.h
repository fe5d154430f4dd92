// An emulated board on a network, as `shoal emulate --serve` starts it.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/command.h"

namespace shoal {

class ServedBoard {
 public:
  ServedBoard(const Workshop& shop, std::vector<std::string> more)
      : served_(shop, words(std::move(more))) {
    std::istringstream(served_.line()) >> name >> address >> process;
    // Tests send signals to it.
    if (process <= 0) throw std::runtime_error("no board has started");
  }
  int end(int signal) { return served_.end(signal); }

  std::string name, address;
  pid_t process = 0;

 private:
  static std::vector<std::string> words(std::vector<std::string> more) {
    std::vector<std::string> all{"emulate", "--nodes", "1", "--serve"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Background served_;
};

}  // namespace shoal
