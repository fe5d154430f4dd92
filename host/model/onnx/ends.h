// Where a user lets a model begin and end, and where it would have to end for
// all of it to be supported. Internal to host/model/onnx.
#pragma once

#include <set>
#include <string>

#include "host/model/graph/import_options.h"
#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

// --inputs, --outputs and --input-shape. Throws Error(kUsage) for names that
// are not there, and for a new input whose shape nobody says.
void set_ends(OnnxModel&, const ImportOptions&);

// The flags that leave these nodes out, before or behind the rest; nothing if
// that leaves no layer with weights.
std::string ends_fix(const OnnxModel&, const std::set<size_t>& unsupported);

}  // namespace shoal::onnx_import
