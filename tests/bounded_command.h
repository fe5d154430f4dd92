// Runs `shoal` under limits of time and memory, and measures what it took.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/command.h"

namespace shoal {

struct Bounded {
  Told told;               // a code of 128 and more is a signal's
  bool late = false;       // it ran past a limit of time, and was killed
  int64_t peak_bytes = 0;  // of memory that it had at once
  double cpu_seconds = 0;
};

// Runs `shoal ARGUMENTS...` inside the folder. It is late after `cpu_seconds`
// of its own, or twelve times as much on the wall: a machine may be busy. It
// has so much address space.
Bounded run_bounded(const Workshop&, const std::vector<std::string>& arguments,
                    int cpu_seconds, int64_t memory_bytes = int64_t{8} << 30);

// Makes the process `shoal`; only system calls come before it.
// shoal_executable.cc: the executable; shoal_inside.cc: the same code in this
// very process, a tenth of the time.
[[noreturn]] void become_shoal(char** arguments);

}  // namespace shoal
