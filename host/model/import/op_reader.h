// One operator of the file while it is checked: its operands with the checks
// that every operator needs, and errors that name the operator and its layer.
// Borrows everything it is made of.
#pragma once

#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/model/graph/operators.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}
std::string shape_text(const Shape&);

// "op 3 CONV_2D \"conv1\"": how errors name an operator. Long names are cut.
std::string op_title(const RawModel&, int number);
std::string tensor_title(const RawModel&, int tensor);

inline int rank_of(const Tensor& t) { return static_cast<int>(t.shape.size()); }

class OpReader {
 public:
  OpReader(const RawModel& raw, const Graph& graph, int number,
           const OpInfo& info, bool floats)
      : raw_(raw),
        graph_(graph),
        number_(number),
        info_(info),
        floats_(floats),
        op_(raw.ops[static_cast<size_t>(number)]) {}

  OpKind kind() const { return info_.kind; }
  // True if the model computes in float32: operands are float32 then wherever
  // int8 is said below, and have no scales.
  bool floats() const { return floats_; }
  const RawOptions& options() const { return op_.options; }
  // Operand counts and the type of the options table.
  void check_form() const;
  // Checks the types of the converted operator: uint8 and int8 do not mix.
  void check_file_types(const Op&) const;

  [[noreturn]] void corrupt(const std::string& reason) const;
  [[noreturn]] void unsupported(const std::string& reason) const;
  void require(bool ok, const std::string& reason) const {
    if (!ok) corrupt(reason);
  }

  int inputs() const { return static_cast<int>(op_.inputs.size()); }
  int outputs() const { return static_cast<int>(op_.outputs.size()); }
  bool has(int operand) const {
    return operand < inputs() && index(operand) != -1;
  }
  int input(int operand) const;  // tensor number
  // Returns whether an operator of this kind makes the operand.
  bool made_by(int operand, OpKind) const;
  int output(int i = 0) const { return op_.outputs[static_cast<size_t>(i)]; }

  // Any operand; an int8 one; one with a scale; a constant int8 one. Real
  // constants are finite.
  const Tensor& tensor(int operand) const;
  const Tensor& data(int operand) const;
  const Tensor& quantized(int operand) const;
  const Tensor& weights(int operand) const;
  // Returns whether the operator computes with int16 activations.
  bool int16() const;
  // int8 results, with a scale.
  const Tensor& result(int i = 0) const;
  const Tensor& quantized_result() const;
  const Tensor& any_result() const {
    return graph_.tensors[static_cast<size_t>(output())];
  }
  // The bias of `channels` outputs; -1 if there is none. With int16 activations
  // it may be INT64, of 40 bits; see sums_are_long().
  int bias(int operand, int channels) const;
  // The only element of a constant float32 operand; infinite ones are legal.
  float real(int operand, const char* what) const;
  // The values of a constant int32 operand, rank 0 or 1 (2 for paddings).
  std::vector<int> numbers(int operand, const char* what) const;

  Activation activation() const;
  void same_shape(const Tensor& a, const Tensor& b) const;
  void expect_shape(const Tensor&, const Shape&) const;
  void expect_rank(const Tensor&, int rank) const;
  void expect_batch_of_one(const Tensor&) const;
  void expect_equal_quantization(const Tensor&, const Tensor&) const;
  // An axis from the file, negative ones counted from the end.
  int axis(int value, int rank) const;

 private:
  int index(int operand) const {
    return op_.inputs[static_cast<size_t>(operand)];
  }
  const Tensor& checked(const Tensor&, bool scale) const;
  // Whole numbers that only move.
  bool moves_numbers(const Tensor& t) const {
    const OpClass cls = class_of(info_.kind);
    return is_wide(t.type) && !t.constant &&
           (cls == OpClass::kReshape || cls == OpClass::kTranspose);
  }
  const Tensor& checked_real(const Tensor&) const;
  void check_wide_bias(const Tensor&) const;

  const RawModel& raw_;
  const Graph& graph_;
  int number_;
  const OpInfo& info_;
  const bool floats_;
  const RawOp& op_;
};

// Checks the operator's meaning and resolves its attributes.
Op convert_op(const OpReader&);

// Constants may take `asked` bytes, or what the file's size justifies.
size_t most_constant_bytes(size_t file_bytes, int64_t asked);
// The tensors of the file; throws for the first that is wrong.
std::vector<Tensor> convert_tensors(const RawModel&, size_t file_bytes,
                                    int64_t constant_bytes,
                                    const std::string& name);
// Indexes are valid, every tensor is made at most once and before it is read.
void check_order(const RawModel&, const std::string& name);
// Takes the operators that only say what a variable is out of the model, so
// that what is left reads and makes tensors; see Variable in graph.h.
void find_variables(RawModel&, const std::string& name);

// Makes variables of the states of UNIDIRECTIONAL_SEQUENCE_LSTM, which the file
// has as tensors that outlive a frame; see LstmAttr in graph.h.
void find_states(RawModel&, const std::string& name);

// A survey of a file's operators, by their types alone.
struct TypeSurvey {
  bool floats = false;             // it computes in float32
  std::vector<std::string> lines;  // one for each thing that is unsupported
  std::string fix;                 // what would help against them
  std::set<int> ops;               // those that the lines are about
};
TypeSurvey survey(const RawModel&);

}  // namespace shoal
