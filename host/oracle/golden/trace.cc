#include "host/oracle/golden/trace.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "host/base/error.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

struct TraceColumn {
  const char* name;
  std::string TraceLine::*text;
  bool must;
};

constexpr std::array<TraceColumn, 14> kColumns{{
    {"op", &TraceLine::op, true},
    {"opcode", &TraceLine::opcode, true},
    {"tensor", &TraceLine::tensor, true},
    {"name", &TraceLine::name, false},
    {"type", &TraceLine::type, true},
    {"shape", &TraceLine::shape, true},
    {"scale", &TraceLine::scale, false},
    {"zero_point", &TraceLine::zero_point, false},
    {"bytes", &TraceLine::bytes, true},
    {"crc32", &TraceLine::crc32, true},
    {"sha256", &TraceLine::sha256, false},
    {"min", &TraceLine::min, false},
    {"max", &TraceLine::max, false},
    {"first16", &TraceLine::first16, false},
}};

std::string real(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", v);
  return text;
}

template <class T>
std::string number(T v) {
  if constexpr (std::is_floating_point_v<T>) {
    return real(v);
  } else {
    return std::to_string(v);
  }
}

std::string shape_text(const Shape& shape) {
  if (shape.empty()) return "-";
  std::string text;
  for (size_t a = 0; a < shape.size(); ++a) {
    if (a) text += 'x';
    text += std::to_string(shape[a]);
  }
  return text;
}

// Calls f with the bytes as a vector of the type's numbers.
template <class F>
auto with_elements(Type type, std::span<const uint8_t> bytes, F f) {
  const auto as = [&]<class T>(T) {
    std::vector<T> elements(bytes.size() / sizeof(T));
    if (!elements.empty()) {
      std::memcpy(elements.data(), bytes.data(), elements.size() * sizeof(T));
    }
    return f(elements);
  };
  switch (type) {
    case Type::kUint8:
    case Type::kBool:
      return as(uint8_t{});
    case Type::kInt32:
      return as(int32_t{});
    case Type::kInt64:
      return as(int64_t{});
    case Type::kInt16:
      return as(int16_t{});
    case Type::kFloat32:
      return as(float{});
    case Type::kInt8:
    case Type::kInt4:
      break;
  }
  return as(int8_t{});
}

std::string op_text(const Graph& graph, int op) {
  if (op < 0) return "in";
  char text[16];
  std::snprintf(text, sizeof text, "%03d", file_number(graph, op));
  return text;
}

std::string opcode_text(const Graph& graph, int op) {
  return op < 0 ? "INPUT" : op_name(graph.ops[op].kind);
}

std::string layer_text(const TraceLine& line) {
  return line.op + " " + line.opcode + " tensor " + line.tensor + " (" +
         line.name + ")";
}

std::string place_text(int64_t element, const Shape& shape) {
  std::string text;
  for (size_t a = shape.size(); a-- > 0;) {
    text =
        std::to_string(element % shape[a]) + (text.empty() ? "" : ", ") + text;
    element /= shape[a];
  }
  return "value at [" + text + "]";
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  for (char c : line) {
    if (c == '\t') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

constexpr std::string_view kFrameLine = "#frame ";

std::string header_line() {
  std::string text = "#";
  for (const TraceColumn& c : kColumns) {
    text += std::string(c.name) + (&c == &kColumns.back() ? "\n" : "\t");
  }
  return text;
}

std::string lines_of(const Trace& trace) {
  std::string text;
  for (const TraceLine& line : trace) {
    for (const TraceColumn& c : kColumns) {
      text += line.*c.text + (&c == &kColumns.back() ? "\n" : "\t");
    }
  }
  return text;
}

template <class F>
void for_each_line(std::string_view text, const F& f) {
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    f(number, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

TraceLine parse_line(int number, std::string_view line) {
  const auto fields = fields_of(line);
  if (fields.size() != kColumns.size()) {
    throw Error(Exit::kCorrupt, "trace line " + std::to_string(number) +
                                    " has " + std::to_string(fields.size()) +
                                    " columns, not " +
                                    std::to_string(kColumns.size()));
  }
  TraceLine parsed;
  for (size_t c = 0; c < fields.size(); ++c) {
    parsed.*kColumns[c].text = fields[c];
  }
  return parsed;
}

}  // namespace

TraceLine make_trace_line(const Graph& graph, int op, int tensor,
                          std::span<const uint8_t> bytes) {
  const Tensor& t = graph.tensors[tensor];
  TraceLine line;
  line.op = op_text(graph, op);
  line.opcode = opcode_text(graph, op);
  line.tensor = std::to_string(tensor);
  line.name = t.name;
  line.type = type_name(t.file_type);
  line.shape = shape_text(t.shape);
  const bool quantized = t.quant.scale.size() == 1;
  const int shifted = t.file_type == Type::kUint8 ? 128 : 0;
  line.scale = quantized ? real(t.scale()) : "-";
  line.zero_point = quantized ? std::to_string(t.zero() + shifted) : "-";
  line.bytes = std::to_string(bytes.size());
  line.crc32 = crc32_hex(bytes);
  line.sha256 = sha256_hex(bytes);
  with_elements(t.file_type, bytes, [&](const auto& elements) {
    if (elements.empty()) return;
    const auto [low, high] =
        std::minmax_element(elements.begin(), elements.end());
    line.min = number(*low);
    line.max = number(*high);
    for (size_t i = 0; i < std::min<size_t>(elements.size(), 16); ++i) {
      if (i) line.first16 += ',';
      line.first16 += number(elements[i]);
    }
  });
  return line;
}

Trace make_trace(
    const Graph& graph,
    const std::function<std::vector<uint8_t>(int tensor)>& file_bytes_of) {
  Trace trace;
  for (int t : graph.inputs) {
    trace.push_back(make_trace_line(graph, -1, t, file_bytes_of(t)));
  }
  for (int op = 0; op < static_cast<int>(graph.ops.size()); ++op) {
    for (int t : graph.ops[op].outputs) {
      trace.push_back(make_trace_line(graph, op, t, file_bytes_of(t)));
    }
  }
  return trace;
}

std::string format_trace(const Trace& trace) {
  return header_line() + lines_of(trace);
}

std::string format_trace(const std::vector<FrameTrace>& frames) {
  std::string text = header_line();
  for (const FrameTrace& f : frames) {
    text += std::string(kFrameLine) + std::to_string(f.frame) + '\n' +
            lines_of(f.trace);
  }
  return text;
}

Trace parse_trace(std::string_view text) {
  Trace trace;
  for_each_line(text, [&](int number, std::string_view line) {
    if (!line.empty() && line[0] != '#') {
      trace.push_back(parse_line(number, line));
    }
  });
  return trace;
}

std::vector<FrameTrace> parse_frames(std::string_view text) {
  std::vector<FrameTrace> frames;
  for_each_line(text, [&](int number, std::string_view line) {
    if (line.starts_with(kFrameLine)) {
      FrameTrace& next = frames.emplace_back();
      const std::string_view digits = line.substr(kFrameLine.size());
      const char* const end = digits.data() + digits.size();
      const auto [at, error] = std::from_chars(digits.data(), end, next.frame);
      if (error == std::errc{} && at == end && next.frame >= 0) return;
      throw Error(Exit::kCorrupt, "trace line " + std::to_string(number) +
                                      " has no frame's number");
    }
    if (line.empty() || line[0] == '#' || frames.empty()) return;
    frames.back().trace.push_back(parse_line(number, line));
  });
  return frames;
}

std::string describe(const Difference& d) {
  if (d.expected.empty()) return d.layer + ": not expected";
  if (d.actual.empty()) return d.layer + ": missing";
  return d.layer + ": " + d.what + " is " + d.actual + ", expected " +
         d.expected;
}

std::optional<Difference> first_difference(const Trace& expected,
                                           const Trace& actual,
                                           Columns columns) {
  for (size_t i = 0; i < std::max(expected.size(), actual.size()); ++i) {
    if (i >= actual.size()) {
      return Difference{layer_text(expected[i]), "line", expected[i].op, ""};
    }
    if (i >= expected.size()) {
      return Difference{layer_text(actual[i]), "line", "", actual[i].op};
    }
    for (const TraceColumn& c : kColumns) {
      if (columns == Columns::kMust && !c.must) continue;
      const std::string &e = expected[i].*c.text, &a = actual[i].*c.text;
      if (e != a) return Difference{layer_text(expected[i]), c.name, e, a};
    }
  }
  return std::nullopt;
}

std::optional<Difference> first_difference(const Graph& graph, int op,
                                           int tensor,
                                           std::span<const uint8_t> expected,
                                           std::span<const uint8_t> actual) {
  const Tensor& t = graph.tensors[tensor];
  const std::string layer = op_text(graph, op) + " " + opcode_text(graph, op) +
                            " tensor " + std::to_string(tensor) + " (" +
                            t.name + ")";
  if (expected.size() != actual.size()) {
    return Difference{layer, "bytes", std::to_string(expected.size()),
                      std::to_string(actual.size())};
  }
  const auto [e, a] =
      std::mismatch(expected.begin(), expected.end(), actual.begin());
  if (e == expected.end()) return std::nullopt;
  const int size = type_bytes(t.file_type);
  const int64_t element = (e - expected.begin()) / size;
  const auto value = [&](std::span<const uint8_t> bytes) {
    return with_elements(t.file_type, bytes.subspan(element * size, size),
                         [](const auto& v) { return number(v[0]); });
  };
  return Difference{layer, place_text(element, t.shape), value(expected),
                    value(actual)};
}

}  // namespace shoal
