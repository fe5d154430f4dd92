// Another program: started, listened to, ended by its own process number.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace shoal {

struct Ended {
  int code = -1;  // exit code; 128 + signal if it was killed
  bool timed_out = false;
  std::string error_text;  // the last of its stderr
};

// Runs `arguments` (the first one is looked up in PATH) with an empty stdin
// until it ends or `seconds` have passed, then kills it. `listen` gets its
// stdout as it comes; what it throws ends the program, too. Throws
// Error(kInternal) if the program cannot be started. It dies with its parent.
Ended run_process(const std::vector<std::string>& arguments, int seconds,
                  const std::function<void(std::span<const uint8_t>)>& listen);

// Whether PATH has it.
bool has_program(const std::string& name);

}  // namespace shoal
