// One operator of a graph as the file says it: number, version, options and
// operands.
#pragma once

#include <string>
#include <vector>

#include "host/model/export/operands.h"
#include "host/model/graph/operators.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {

// Adds the constant operands that are missing. Throws Error(kUnsupported) for
// attributes that the format cannot say.
RawOp write_op(const Graph&, int number, Operands&);

// An operator of the format that no operator of the graph is.
RawOp made_op(int code, OptionsCode, std::vector<int> inputs,
              std::vector<int> outputs);

// Operands that the format has as constants, and options. `raw` holds the
// graph's inputs and outputs and an empty options table of the right kind.
using Write = void (*)(const Op&, Operands&, RawOp& raw);
// Families of operators, each in its own file; null if not of the family.
Write window_writer(OpKind);
Write axes_writer(OpKind);
Write slice_writer(OpKind);

// The version of the operator that first had what this one needs, as other
// runtimes check it.
int op_version(const Graph&, const Op&, const RawOp&);

// Where an appended operand gets its name from.
std::string operand_name(const Operands&, const Op&, const char* what);
const Shape& input_shape(const Operands&, const Op&, int input = 0);
const Shape& output_shape(const Operands&, const Op&);

}  // namespace shoal
