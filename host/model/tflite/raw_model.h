// A .tflite file's tables as plain values, before any meaning is checked.
// decode() reads them out of a file, encode() writes them into one. Buffers
// are views of the caller's bytes: keep those alive.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/model/graph/detection.h"
#include "host/model/graph/graph.h"
#include "host/model/graph/operators.h"

namespace shoal {

// Numbers of the format.
enum TensorCode : int {
  kCodeFloat32 = 0,
  kCodeFloat16 = 1,
  kCodeInt32 = 2,
  kCodeUint8 = 3,
  kCodeInt64 = 4,
  kCodeBool = 6,
  kCodeInt16 = 7,
  kCodeInt8 = 9,
  kCodeResource = 13,
  kCodeInt4 = 17,
};
int type_code(Type);
enum PaddingCode : int { kPaddingSame = 0, kPaddingValid = 1 };
enum MirrorCode : int { kMirrorReflect = 0, kMirrorSymmetric = 1 };

// How a constant is written that leaves its zeros out: as a tree with a level
// for each axis, in `order`, and one for the place within a block of each axis
// in `blocks`.
struct RawSparseLevel {
  bool dense = true;
  int size = 0;  // of a dense level
  // In a sparse dimension: the children of node n are segments[n] up to
  // segments[n + 1], and `indexes` says where each of them lies.
  std::vector<int> segments, indexes;
};
struct RawSparsity {
  std::vector<int> order, blocks;
  std::vector<RawSparseLevel> levels;
};

struct RawTensor {
  std::string name;
  int type = kCodeInt8;
  std::vector<int> shape;
  std::vector<int> signature;  // empty: none
  uint32_t buffer = 0;
  std::vector<float> scale;
  std::vector<int64_t> zero;
  int axis = 0;
  bool variable = false;
  bool int4 = false;  // INT4 in the file, INT8 since unpack_int4()
  std::optional<RawSparsity> sparsity;
};

// The union of all options tables that carry a value; `code` says which
// table it is and so which of the fields count.
struct RawOptions {
  int code = 0;  // OptionsCode, or a number that shoal does not know
  int padding = kPaddingSame, activation = 0;
  int stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int filter_h = 1, filter_w = 1, depth_multiplier = 1;
  int axis = 0, block = 1, weights_format = 0;
  int num_splits = 0;  // or tensors that a PACK joins, an UNPACK makes
  int begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0;
  int shrink_axis_mask = 0;
  bool offset = false, keep_num_dims = false, keep_dims = false;
  bool align_corners = false, half_pixel_centers = false;
  int batch_dims = 0;                       // GATHER
  bool adj_x = false, adj_y = false;        // BATCH_MATMUL
  bool exclusive = false, reverse = false;  // CUMSUM
  bool approximate = false;                 // GELU
  float clip = 0;                           // UNIDIRECTIONAL_SEQUENCE_LSTM
  bool time_major = false;                  // the same
  // The same: those of its cell state, once find_states() has been there.
  float cell_scale = 0;
  int cell_zero = 0;
  int in_type = 0, out_type = 0;  // CAST, ARG_MAX, ARG_MIN
  int mode = kMirrorReflect;      // MIRROR_PAD
  float value = 0;                // SOFTMAX beta, LEAKY_RELU alpha
  std::vector<int> dims;          // SQUEEZE, RESHAPE
  int subgraph = 0;               // CALL_ONCE, CALL, STABLEHLO_COMPOSITE, WHILE
  int condition = 0;              // another one, of WHILE
  std::string variable;           // VAR_HANDLE: container and shared name
};

struct RawOp {
  int code = 0;        // number of the builtin operator
  std::string custom;  // name of a custom one
  std::vector<int> inputs, outputs;
  RawOptions options;
  std::vector<uint8_t> custom_options = {};  // of a custom one
  int version = 1;
  int number = -1;  // in the file, if not that of its place
  // Float32 between a DEQUANTIZE and a QUANTIZE that is one function of one
  // value, or that QUANTIZE; see mark_functions().
  bool in_function = false;
};

// Another subgraph than the first, which an operator calls or a signature
// names.
struct RawSubgraph {
  std::vector<RawTensor> tensors;
  std::vector<RawOp> ops;
  std::vector<int> inputs, outputs;
};
struct RawSignature {
  std::string key;
  int subgraph = 0;
  std::vector<int> inputs, outputs;  // tensors of the subgraph
};
// See Variable in graph.h; tensors of the model.
struct RawVariable {
  std::string name;
  int before = -1, after = -1;
  std::vector<uint8_t> initial;
};

struct RawModel {
  std::vector<RawTensor> tensors;
  std::vector<RawOp> ops;
  std::vector<RawSubgraph> subgraphs;  // 1, 2 ... of the file
  std::vector<RawSignature> signatures;
  std::vector<RawVariable> variables;  // once find_variables() has been there
  std::vector<int> inputs, outputs;
  std::vector<std::span<const uint8_t>> buffers;
  std::optional<Normalization> pixels;  // of the metadata
  std::string description, graph_name;  // for people; decode() skips them
};

// Returns whether the bytes say that they are a .tflite file.
bool is_tflite(std::span<const uint8_t> file);
// Throws Error(kCorrupt) if the bytes are no flatbuffer of this schema, have
// no subgraph, or would unfold to much more than their size.
RawModel decode(std::span<const uint8_t> file, const std::string& name);
// The inverse of decode(), before find_variables(): a flatbuffer whose buffers
// lie at multiples of 16.
std::vector<uint8_t> encode(const RawModel&);

// The settings of a TFLite_Detection_PostProcess from its custom options, and
// the way back. Returns what is wrong with their form.
std::optional<std::string> read_detection_options(
    std::span<const uint8_t> options, DetectionOp&);
std::vector<uint8_t> write_detection_options(const DetectionOp&);

}  // namespace shoal
