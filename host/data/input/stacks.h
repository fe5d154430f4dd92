// The kinds of stacks, for read_stack().
#pragma once

#include <string>

#include "host/data/csv/csv.h"
#include "host/data/input/stack.h"
#include "host/data/sound/wav.h"

namespace shoal {

// Throw Error(kUsage) for what does not go into the model. `name` is for
// messages.
Stack stack_of_table(const Graph&, const CsvTable&, const std::string& name);
Stack stack_of_sound(const Graph&, const Sound&, const std::string& name);

// Returns the model's only input. Throws Error(kUsage) that `what` is one.
const Tensor& only_input_for(const Graph&, const std::string& name,
                             const std::string& what);

}  // namespace shoal
