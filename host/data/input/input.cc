#include "host/data/input/input.h"

#include <map>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/input/array_input.h"

namespace shoal {
namespace {

int64_t count_values(const Graph& graph) {
  int64_t values = 0;
  for (const int input : graph.inputs) {
    values += element_count(graph.tensors[static_cast<size_t>(input)].shape);
  }
  return values;
}

// The bytes of the inputs from all their values in float32.
std::vector<uint8_t> real_input(const Graph& graph, const std::string& name,
                                std::span<const uint8_t> file,
                                const PictureOptions& options,
                                std::string* doubt) {
  const auto wanted = count_values(graph) * static_cast<int64_t>(sizeof(float));
  if (static_cast<int64_t>(file.size()) != wanted) {
    throw Error(Exit::kUsage,
                printable(name) + ": " +
                    format_count(static_cast<int64_t>(file.size())) +
                    " bytes, but the values of the model's input have " +
                    format_count(wanted) + " in float32",
                "leave out --bin float32 if the file has the input's type");
  }
  Stack stack;
  stack.count = 1;
  for (const int input : graph.inputs) {
    const Shape& shape = graph.tensors[static_cast<size_t>(input)].shape;
    Array a{"f4", {1}, {}};
    a.shape.insert(a.shape.end(), shape.begin(), shape.end());
    const size_t bytes =
        static_cast<size_t>(element_count(shape)) * sizeof(float);
    a.bytes.assign(file.begin(), file.begin() + static_cast<ptrdiff_t>(bytes));
    file = file.subspan(bytes);
    stack.inputs.push_back(std::move(a));
  }
  return stack_input(graph, stack, 0, name, options, doubt);
}

std::vector<uint8_t> raw_input(const Graph& graph, const std::string& name,
                               std::span<const uint8_t> file) {
  const int64_t wanted = input_file_bytes(graph);
  const auto bytes = static_cast<int64_t>(file.size());
  if (bytes == wanted) {
    check_numbers(graph, file, name);
    return {file.begin(), file.end()};
  }
  const int64_t values = count_values(graph);
  const std::string sizes = printable(name) + ": " + format_count(bytes) +
                            " bytes, the model's input has " +
                            format_count(wanted);
  if (bytes == values * static_cast<int64_t>(sizeof(float))) {
    throw Error(Exit::kUsage,
                sizes + "; are they its " + format_count(values) +
                    " values in float32?",
                "add --bin float32 if they are");
  }
  if (bytes == values) {
    throw Error(
        Exit::kUsage,
        sizes + "; are they its " + format_count(values) + " values as bytes?",
        "save them as .npy of uint8 or int8, or as a picture");
  }
  const bool several = bytes > wanted && bytes % wanted == 0;
  throw Error(Exit::kUsage, sizes,
              several ? "give " + format_count(bytes / wanted) +
                            " frames as .npy, or in files of their own"
                      : "a .npy file says its type and shape: shoal inspect "
                        "has those of the input");
}

// A file of one frame.
std::vector<uint8_t> only_frame(const Graph& graph, const std::string& name,
                                std::span<const uint8_t> file,
                                const PictureOptions& options,
                                InputRemarks* remarks) {
  const Stack stack = read_stack(graph, name, file);
  if (stack.count != 1) {
    throw Error(Exit::kUsage,
                printable(name) + ": " + format_count(stack.count) +
                    " frames, but one is needed",
                "run, evaluate and quantize --calibrate take such a file as "
                "their only input, or save each frame to its own file");
  }
  if (remarks != nullptr) remarks->note = stack.note;
  return stack_input(graph, stack, 0, name, options,
                     remarks != nullptr ? &remarks->doubt : nullptr);
}

}  // namespace

int64_t input_file_bytes(const Graph& graph) {
  int64_t bytes = 0;
  for (const int input : graph.inputs) {
    const Tensor& t = graph.tensors[static_cast<size_t>(input)];
    bytes += element_count(t.shape) * type_bytes(t.type);
  }
  return bytes;
}

Graph with_one_input(const Graph& graph, int input) {
  Graph one;
  one.name = graph.name;
  std::map<int, int> kept;
  const auto keep = [&](int t) {
    kept[t] = static_cast<int>(one.tensors.size());
    one.tensors.push_back(graph.tensors[static_cast<size_t>(t)]);
    return kept[t];
  };
  one.inputs = {keep(input)};
  if (graph.inputs.size() == 1) one.pixels = graph.pixels;
  for (const Op& op : graph.ops) {
    const bool reads =
        op.kind == OpKind::kQuantize || op.kind == OpKind::kReshape;
    if (!reads || !kept.contains(op.inputs[0])) continue;
    const int from = kept[op.inputs[0]];
    one.ops.push_back({op.kind, {from}, {keep(op.outputs[0])}, {}});
  }
  return one;
}

bool has_values(const std::string& name) {
  return kind_of_file(name) == ".bin" || is_stack(name);
}

std::vector<uint8_t> file_input(const Graph& graph, const std::string& name,
                                std::span<const uint8_t> file,
                                const InputOptions& options,
                                InputRemarks* remarks) {
  if (remarks != nullptr) *remarks = {};
  if (is_stack(name)) return only_frame(graph, name, file, options, remarks);
  if (kind_of_file(name) != ".bin") {
    return picture_input(graph, decode_picture(file, name), options);
  }
  if (!options.real_bins) return raw_input(graph, name, file);
  return real_input(graph, name, file, options,
                    remarks != nullptr ? &remarks->doubt : nullptr);
}

}  // namespace shoal
