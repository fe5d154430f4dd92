// Makes small ONNX files: for tests and fuzz seeds.
//
//   OnnxBuilder b;
//   b.input("x", {1, 3, 8, 8});
//   b.floats("w", {4, 3, 3, 3}, some_floats(108));
//   b.node("Conv", {"x", "w"}, "y", {{"pads", Ints{1, 1, 1, 1}}});
//   b.output("y");
//   std::vector<uint8_t> file = b.finish();
//
// Values are known by name; nothing is checked, that is the importer's work.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace shoal {

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Words = std::vector<std::string>;

struct OnnxField {
  std::string name;
  std::variant<int64_t, float, std::string, Ints, Floats, Words> value;
};

class OnnxBuilder {
 public:
  explicit OnnxBuilder(int64_t opset = 13);
  ~OnnxBuilder();

  // Size -1 is open, named "n". Types are TensorProto's: 1 FLOAT.
  void input(const std::string& name, const Ints& dims, int type = 1);
  void output(const std::string& name, int type = 1);
  void floats(const std::string& name, const Ints& dims, const Floats&);
  void ints(const std::string& name, const Ints& dims, const Ints&);
  void int32s(const std::string& name, const Ints& dims, const Ints&);
  // INT8, or UINT8 if `plain`.
  void bytes(const std::string& name, const Ints& dims, const Ints&,
             bool plain = false);
  void number(const std::string& name, float value) {
    floats(name, {}, {value});
  }
  void node(const std::string& type, const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs,
            const std::vector<OnnxField>& attributes = {});
  void node(const std::string& type, const std::vector<std::string>& inputs,
            const char* output, const std::vector<OnnxField>& attributes = {}) {
    node(type, inputs, std::vector<std::string>{output}, attributes);
  }

  // QuantizeLinear and DequantizeLinear of `x`; the result's name.
  std::string rounded(const std::string& x, float scale, int zero,
                      bool plain = false);
  // An int8 constant, dequantized; one scale, or one for each first axis.
  std::string weights(const std::string& name, const Ints& dims, const Ints&,
                      const Floats& scales);
  // An int32 constant, dequantized.
  std::string bias(const std::string& name, const Ints&, const Floats& scales);

  // Breaks: data of the last constant in another file, a second opset, a
  // domain of the last node, a function, a sparse constant.
  // The data of the last constant lie in another file, whose bytes it returns.
  std::string move_outside(const std::string& location,
                           const std::string& offset,
                           const std::string& length);
  void break_opset(int64_t version);
  void break_domain(const std::string& domain);
  void break_opset_domain(const std::string& domain);  // of all operators
  void break_function();
  void drop_attribute_types();  // of the last node
  void break_sparse();
  void break_type(int type);  // of the last constant
  void break_size();          // of the last constant: one byte too many

  std::vector<uint8_t> finish() const;

 private:
  struct Proto;
  std::unique_ptr<Proto> proto_;
};

// Numbers between -1 and 1 that differ from each other.
Floats some_floats(int64_t count, int seed = 1);
// Whole numbers -127..127.
Ints some_bytes(int64_t count, int seed = 1);

}  // namespace shoal
