// The options with which a user imports a model's file: where the network
// begins and ends, the sizes that the file leaves open, and how much memory its
// constants may take.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct ImportOptions {
  // Names of tensors, or #INDEX: a tensor's number in a .tflite file, the
  // first result of a node in an .onnx file. Empty: those of the file.
  std::vector<std::string> inputs = {}, outputs = {};
  std::vector<std::string> shapes = {};  // NAME=1x3x320x320
  std::string signature = {};  // of a .tflite file; empty: the only one
  // Bytes that constants may unfold to; 0: what the file's size justifies.
  int64_t constant_bytes = 0;
  // Where files with the data of an ONNX model's tensors may lie: the folder of
  // the model itself. Empty: nowhere.
  std::string folder = {};
  // Takes a line for people about what was left out of the model.
  std::function<void(const std::string&)> tell = {};
  // A .tflite file's batch of n stays one input, though its frames are apart.
  bool whole_batch = false;

  bool cuts() const { return !inputs.empty() || !outputs.empty(); }
  bool is_asked() const {
    return cuts() || !shapes.empty() || !signature.empty();
  }
};

// The bytes that constants may take on this machine: a quarter of its memory.
int64_t memory_for_constants();

// By name. Throws Error(kUsage) for what is no NAME=SIZExSIZE.
std::map<std::string, Shape> asked_shapes(const ImportOptions&);

// Names as a user gives them to the indexes of a file's values, of which
// `name` gives each one's; `find` has the value of a #INDEX, -1 if there is
// none. Throws Error(kUsage) for unknown names, with the nearest ones, and for
// those that several values have.
struct NamedValues {
  const char* flag;  // "--outputs"
  size_t count = 0;
  std::function<const std::string&(size_t)> name;
  std::function<int64_t(int64_t)> numbered;
};
std::vector<size_t> named_values(const std::vector<std::string>& asked,
                                 const NamedValues&);

// The value as a user would write it behind a flag: its name if a shell takes
// it as it is and it is not long, else '#INDEX'.
std::string flag_value(const std::string& name, size_t index, bool unique);

// The flags that end a model before what is not supported, or nothing. An
// operation is computable if it is supported and all that it reads is.
struct Operation {
  std::vector<int> inputs, outputs;  // values; -1: none
  bool supported = true;
  bool weighty = false;  // a model without such ones is worth nothing
};
// Returns the values to end with, out of `values` values. `given`: they are
// there from the start (inputs), or constant.
std::vector<int> ends_before(const std::vector<Operation>&, size_t values,
                             const std::vector<bool>& inputs,
                             const std::vector<bool>& constants,
                             const std::vector<int>& outputs);

}  // namespace shoal
