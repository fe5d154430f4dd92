// CONCATENATION in int8 has one scale for all of its parts, so a part whose
// values are small beside another's would lose them. This pass, on the float
// graph, lets parts of unlike ranges keep their scales:
//  - An output that is such a join becomes one output for each part, in the
//    same place of the list of outputs. Movement behind the join (TRANSPOSE,
//    RESHAPE) is repeated for each part.
//  - Where only layers with weights read such a join, each part is multiplied
//    by a constant that gives it the range of the widest part, and the weights
//    that read the part are divided by that constant.
#pragma once

#include <string>
#include <vector>

#include "host/quantize/quantize.h"

namespace shoal {

// A part is unlike another one whose range is this many times as wide.
inline constexpr double kUnlikeRanges = 8;

struct JoinOptions {
  bool keep_outputs = false;  // something behind the model reads the outputs
};

// `notes` gets a line for people about each join that was changed. The ranges
// are those of some of the calibration frames.
Graph separate_parts(const Graph&, const Calibration&, const JoinOptions&,
                     std::vector<std::string>& notes);

}  // namespace shoal
