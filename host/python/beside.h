// Work of the tool on a thread of its own, beside the interpreter, whose lock
// is not held meanwhile. The thread that has called it shows progress and looks
// for Ctrl-C.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <string>

namespace shoal {

// Returns what the work prints. `progress` is None or called now and then with
// (what is counted, how many are done, of how many or 0). When it raises, or a
// handler of a signal does, the work is stopped, and that is thrown; else what
// the work throws. Notes go to the logger "shoal".
std::string run_beside(const pybind11::object& progress,
                       const std::function<void()>& work);

}  // namespace shoal
