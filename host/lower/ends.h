// The two ends of the network: which tensors the caller hands over and takes,
// and in which order of axes. Conversions from and to the file's types are
// the caller's, so QUANTIZE of a float input and DEQUANTIZE to a float output
// are no layers.
#pragma once

#include <string>
#include <vector>

#include "host/lower/builder.h"

namespace shoal {

// One line per operator that cannot run.
std::vector<std::string> unsupported_operators(const Graph&);

// Makes the inputs' tensors, in the order and the extent that their readers
// want, so that neither a TRANSPOSE nor a RESHAPE of an input costs a layer.
void make_inputs(Builder&);
// Makes the values that variables hold before the frame.
void make_variables(Builder&);
// Copies to the variables to which this operator's results are assigned; of -1:
// what no operator makes.
void assign_results(Builder&, int op);

// Fills net.outputs and net.places; may add layers for outputs whose order
// has no name in the file's axes.
void make_outputs(Builder&);

// How a tensor lies, if its bytes can be told from there.
std::optional<FilePlace> place_of(const Value&, const Shape&);

}  // namespace shoal
