// An ONNX file's messages as plain values, before any meaning is checked.
// Only reader.cc knows protobuf. Numbers of the format keep its own values.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal::onnx_import {

// TensorProto.DataType.
enum OnnxType : int {
  kOnnxFloat = 1,
  kOnnxUint8 = 2,
  kOnnxInt8 = 3,
  kOnnxInt32 = 6,
  kOnnxInt64 = 7,
  kOnnxBool = 9,
  kOnnxDouble = 11,
};
const char* onnx_type_name(int type);

// A constant. Which vector holds its elements follows from the type: floats
// of FLOAT and DOUBLE, ints of INT32, INT64 and BOOL, bytes of INT8 and UINT8;
// none for other types.
struct OnnxTensor {
  std::string name;
  int type = kOnnxFloat;
  std::vector<int64_t> dims;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<uint8_t> bytes;
  // The quantization of a dequantized constant: floats are its values, `ints`
  // its integers.
  Quantization quant;

  bool readable() const;
  int64_t count() const;
};
using ConstantRef = std::shared_ptr<const OnnxTensor>;

enum class AttributeKind {
  kReal,
  kInteger,
  kWord,
  kTensor,
  kList,
  kWords,
  kOther
};

struct OnnxAttribute {
  std::string name;
  AttributeKind kind = AttributeKind::kOther;
  float real = 0;
  int64_t integer = 0;
  std::string word;
  std::vector<float> reals;       // of kList
  std::vector<int64_t> integers;  // of kList
  std::vector<std::string> words;
  ConstantRef tensor;
};

struct OnnxNode {
  size_t number = 0;  // in the file
  std::string name, type, domain;
  std::vector<std::string> inputs, outputs;  // "": none
  std::vector<OnnxAttribute> attributes;
};

// A model input or output.
struct OnnxEnd {
  std::string name;
  int type = 0;
  bool shaped = false;
  std::vector<int64_t> dims;         // -1: symbolic
  std::vector<std::string> symbols;  // beside dims, "" where there is a number
  // Not named by --inputs, though something behind it is: only its shape may be
  // read.
  bool shape_only = false;
  // An output of INT32 that has the sums of products of bytes; their real
  // values are made in units of one.
  bool has_sums = false;
};

struct OnnxModel {
  int64_t opset = 0;
  std::vector<OnnxNode> nodes;
  std::vector<ConstantRef> constants;
  std::vector<OnnxEnd> inputs, outputs;
  std::vector<OnnxEnd> inner;  // what the file says of other values
};

// Throws Error(kCorrupt) if the bytes are no ModelProto or a constant has not
// the bytes that its shape says; kUnsupported for opsets, functions and data
// outside the file.
// `folder`: where files with the data of tensors may lie; empty: nowhere.
OnnxModel decode_onnx(std::span<const uint8_t> file, const std::string& name,
                      const std::string& folder = {});

// Sorts nodes behind those that make their operands, which ONNX Runtime does
// not want from a file; those of a circle stay where they are. Nodes keep their
// numbers.
void put_in_order(OnnxModel&);

// Makes one Gelu of the operators that exporters write for it, unless something
// else reads what is between them.
void join_gelu(OnnxModel&);

}  // namespace shoal::onnx_import
