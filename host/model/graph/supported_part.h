// The part of a model that can be run if what comes before and behind it
// cannot: the values to begin and to end with.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/model/graph/import_options.h"

namespace shoal {

struct SupportedPart {
  std::vector<int> inputs, outputs;  // none: nothing with weights is left
  bool to_the_end = false;           // the outputs are the model's own
};

// As ends_before(), of operations in an order in which they can be computed;
// if that leaves no layer with weights, operations are left out at the front,
// too, with all that leads to them. Of several such parts the one with the most
// layers with weights, of these the first.
SupportedPart supported_part(const std::vector<Operation>&, size_t values,
                             const std::vector<bool>& inputs,
                             const std::vector<bool>& constants,
                             const std::vector<int>& outputs);

// The flags that make it, as a line of an error's fix; nothing without a part.
// `value` has a value as a flag takes it.
std::string part_flags(const SupportedPart&,
                       const std::vector<bool>& model_inputs,
                       const std::function<std::string(int)>& value);

}  // namespace shoal
