// ConvInteger and MatMulInteger as products of a quantized network: internal to
// host/model/onnx.
//
// Bytes x of a scale s and integers that are multiplied by a factor f of the
// file mean f * (sum((x - zx) (w - zw)) + b). That is a product of s (x - zx)
// with weights of the scale f / s, and a bias of the scale f. A sum of such
// products is one product of their operands side by side, and a negative one
// has the opposite weights. A product of two computed matrices has no weights
// that could take the factor: the right one's bytes are those of another scale.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/model/onnx/builder.h"
#include "host/model/onnx/file_values.h"
#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

// Integers of the file, added or subtracted: a constant, or computed ones.
struct Offset {
  std::string value;
  int sign = 1;
  auto operator<=>(const Offset&) const = default;
};

// The map of integers behind a product: sign * x + offsets.
struct Affine {
  int sign = 1;
  std::vector<Offset> offsets;
  auto operator<=>(const Affine&) const = default;

  Affine times(int by) const {
    Affine out = *this;
    out.sign *= by;
    return out;
  }
  Affine plus(const std::string& value, int by) const {
    Affine out = *this;
    out.offsets.push_back({value, by});
    return out;
  }
  // The map of offset i that adds all others, but not x.
  Affine behind(size_t i) const {
    Affine out = *this;
    out.sign = offsets[i].sign;
    out.offsets.erase(out.offsets.begin() + static_cast<ptrdiff_t>(i));
    return out;
  }
};

// By what integers are multiplied to be real: all numbers are above zero.
struct Factor {
  std::string value;  // "": 1
  Reals reals{{}, {1}};
  bool is_number() const { return reals.values.size() == 1; }
};

struct Term {
  const OnnxNode* node = nullptr;
  int sign = 1;
};

class IntegerProducts {
 public:
  // New constants go to the model, nodes to the list. Nodes of the model stay.
  // `name`: of the model, for errors.
  IntegerProducts(OnnxModel& model, const FileValues& values,
                  const Budget& budget, std::string name)
      : model_(model),
        values_(values),
        budget_(budget),
        name_(std::move(name)) {}

  static bool is_product(const OnnxNode&);
  // Returns whether a real product can compute it: bytes by constant weights.
  bool is_computed(const OnnxNode&) const;
  // Returns whether it is a matrix of bytes, constant or not, by computed ones.
  bool is_pair(const OnnxNode&) const;

  // Appends nodes that make `y`, the sum of products and offsets times the
  // factor. Returns false, and appends nothing, if there is no such product.
  // Throws Error(kDoesNotFit) if its weights exceed the budget.
  bool append(const std::vector<Term>&, const std::vector<Offset>&,
              const Factor&, const std::string& y, std::vector<OnnxNode>& out);

 private:
  // An operand as a quantized network has it: real values are scale * (byte -
  // zero), and the product takes byte - taken, both of int8.
  struct Operand {
    std::string scale, zero;  // of the file; zero "": 0
    int type = 0;
    int own_zero = 0, taken = 0;
  };
  // Differences to the zero points, as the file lays weights out.
  struct Weights {
    std::vector<int64_t> dims;
    std::vector<int> values;
    size_t channels = 0, inner = 1;  // of element i: i / inner % channels
  };
  struct Sum {
    std::vector<Operand> operands;
    Weights weights;
    std::vector<int64_t> bias;
  };

  void take_weights(const std::vector<Term>&);
  std::optional<Operand> operand_of(const OnnxNode& product, size_t i) const;
  bool append_pair(const OnnxNode& product, const Factor&, const std::string& y,
                   std::vector<OnnxNode>& out);
  std::optional<int> zero_of(const std::string& value, int type) const;
  std::optional<Weights> weights_of(const Term&) const;
  bool add_to_bias(const Offset&, const OnnxNode& product,
                   std::vector<int64_t>& bias) const;
  std::optional<Sum> sum_of(const std::vector<Term>&,
                            const std::vector<Offset>&);
  std::string operand_value(const OnnxNode& product, size_t i,
                            const Operand& from, const Operand& to,
                            const std::string& name,
                            std::vector<OnnxNode>& out);
  std::string constant(const std::string& name, OnnxTensor);
  std::string number(const std::string& name, float value);

  OnnxModel& model_;
  const FileValues& values_;
  Budget budget_;
  const std::string name_;
};

}  // namespace shoal::onnx_import
