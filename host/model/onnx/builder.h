// The float graph while it is made: tensors, constants and operators, and
// what later passes ask of them. Internal to host/model/onnx.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal::onnx_import {

// How much may come out of a file: constants that several operators share,
// and shapes that a few bytes describe, must not fill memory. A byte of int8
// weights takes 12 on its way (as a float, and as an integer).
class Budget {
 public:
  // `most`: bytes that constants may take, if that is more than the file's size
  // justifies.
  explicit Budget(size_t file_bytes, int64_t most = 0)
      : left_(std::max(
            16 * static_cast<int64_t>(file_bytes) + (int64_t{1} << 20), most)) {
  }
  // Throws Error(kDoesNotFit).
  void take(int64_t bytes, const std::string& what);

 private:
  int64_t left_;
};

// The file's facts about a tensor's int8 form, from QuantizeLinear.
struct QuantNote {
  Quantization quant;         // zero points as in the file, scales empty: none
  Type type = Type::kInt8;    // or kUint8, kInt32
  std::vector<int32_t> ints;  // of a dequantized INT32 constant
  std::string real_name;      // of the first DequantizeLinear's result
};

class GraphBuilder {
 public:
  GraphBuilder(std::string name, Budget& budget);

  // Names that are taken get a number. Throws Error(kUnsupported) for shapes
  // beyond a graph's limits.
  int tensor(const std::string& name, const Shape&);
  int constant(const std::string& name, const Shape&,
               const std::vector<float>& values);
  // A new tensor, made by this operator.
  int op(OpKind, std::vector<int> inputs, const std::string& name, const Shape&,
         Attr = {});
  void op_of(OpKind, std::vector<int> inputs, std::vector<int> outputs,
             Attr = {});
  // Makes a tensor of truth values of it; of a constant, of its zeros and ones.
  void make_truth(int tensor);
  void input(int tensor) { graph_.inputs.push_back(tensor); }
  void rename(int tensor, const std::string& name);
  // Gives the name to this tensor, even if another one had it.
  void claim(int tensor, const std::string& name);

  const Tensor& at(int tensor) const {
    return graph_.tensors[static_cast<size_t>(tensor)];
  }
  const Shape& shape(int tensor) const { return at(tensor).shape; }
  // Null for inputs and constants.
  Op* maker(int tensor);
  std::vector<float> values(int constant) const;
  void set_values(int constant, const std::vector<float>&);
  QuantNote& note(int tensor) { return notes_[static_cast<size_t>(tensor)]; }
  bool noted(int tensor) { return !note(tensor).quant.scale.empty(); }

  Graph& graph() { return graph_; }
  // Operators that no output depends on are gone.
  void prune();
  // Tensors that no operator, input or output names are gone.
  void compact();

 private:
  std::string fresh(const std::string& name);

  Budget& budget_;
  Graph graph_;
  std::vector<int> makers_;  // operator of each tensor, -1: none
  std::vector<QuantNote> notes_;
  std::set<std::string> names_;
  std::map<std::string, int> copies_;  // of names that were taken
};

}  // namespace shoal::onnx_import
