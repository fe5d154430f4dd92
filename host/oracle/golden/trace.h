// A trace: one line for each model input and each operator output, with
// checksums, in the format of the golden set's layers.tsv. Tab-separated, one
// header line that starts with '#'. Columns:
//
//   op          number of the operator in the file, three digits; `in`
//   opcode      operator name; INPUT
//   tensor      index in the file
//   name        of the tensor
//   type, shape INT8, UINT8, FLOAT32; sizes joined by x
//   scale, zero_point   per-tensor quantization, `-` for none
//   bytes       size of the tensor
//   crc32       as in zlib, eight hex digits
//   sha256
//   min, max    over the tensor
//   first16     the first 16 values, joined by commas
//
// All bytes are in the file's type: uint8 tensors are shifted back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

// Text, as it stands in the file.
struct TraceLine {
  std::string op, opcode, tensor, name, type, shape, scale, zero_point, bytes,
      crc32, sha256, min, max, first16;
  bool operator==(const TraceLine&) const = default;
};
using Trace = std::vector<TraceLine>;

// `op` is the operator's number, -1 for a model input. `bytes` is the whole
// tensor in the file's type.
TraceLine make_trace_line(const Graph&, int op, int tensor,
                          std::span<const uint8_t> bytes);

// The trace of one frame of a sequence.
struct FrameTrace {
  int frame = 0;
  Trace trace;
};

// Returns the lines of all inputs, then of all operator outputs in file order.
// `file_bytes_of(tensor)` gives a tensor's bytes in the file's type.
Trace make_trace(
    const Graph&,
    const std::function<std::vector<uint8_t>(int tensor)>& file_bytes_of);

std::string format_trace(const Trace&);
// Writes a line `#frame N` before the lines of each frame.
std::string format_trace(const std::vector<FrameTrace>&);
// Throws Error(kCorrupt) with the line number. Of a sequence: all lines.
Trace parse_trace(std::string_view text);
// Returns the traces of a sequence by frame; empty if the text is no sequence.
std::vector<FrameTrace> parse_frames(std::string_view text);

// The columns that must agree between two engines, or all of them.
enum class Columns : uint8_t {
  kMust,  // op, opcode, tensor, type, shape, bytes, crc32
  kAll,
};

// Where two traces, or two values of one tensor, differ first.
struct Difference {
  std::string layer;     // "007 CONV_2D tensor 65 (name)"
  std::string what;      // the column, or "value at [y, x, c]"
  std::string expected;  // empty if there is no such line
  std::string actual;
};
// "007 CONV_2D tensor 65 (name): crc32 is 1234abcd, expected ..."
std::string describe(const Difference&);

std::optional<Difference> first_difference(const Trace& expected,
                                           const Trace& actual, Columns);
// Both in the file's type. Names the first element that differs.
std::optional<Difference> first_difference(const Graph&, int op, int tensor,
                                           std::span<const uint8_t> expected,
                                           std::span<const uint8_t> actual);

}  // namespace shoal
