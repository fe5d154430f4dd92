// The operators that shoal knows, by the numbers of the format, and words for
// those that it does not know.
#pragma once

#include <string>

#include "host/model/graph/graph.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {

struct OpInfo {
  int code;
  OpKind kind;
  OptionsCode options;
  bool needs_options;  // the defaults of an absent table would mean nothing
  int min_inputs, max_inputs;
  int max_outputs;
};

const OpInfo* find_op(int code);  // null: unsupported
const OpInfo& op_info(OpKind);

// The format's number of a type.
int type_code(Type);

// "RESIZE_BILINEAR", or "operator 999".
std::string builtin_name(int code);
// What would do instead of an unsupported operator.
std::string replacement(int code);

}  // namespace shoal
