#include "host/data/input/stack.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/array/npz.h"
#include "host/data/csv/csv.h"
#include "host/data/input/array_input.h"
#include "host/data/input/input.h"
#include "host/data/input/stacks.h"

namespace shoal {
namespace {

// The number of frames in an array for one input; none if it does not go in.
std::optional<int64_t> frames_in(const Graph& one, const Array& a) {
  const Tensor& t = one.tensors[static_cast<size_t>(one.inputs[0])];
  const std::vector<int64_t> wanted = axes_above_one(t.shape);
  if (std::ranges::equal(a.shape, t.shape)) return 1;
  if (!a.shape.empty() && a.shape[0] > 1) {
    const auto rest = std::span(a.shape).subspan(1);
    if (axes_above_one(rest) == wanted) return a.shape[0];
  }
  if (axes_above_one(a.shape) == wanted || as_picture(a)) return 1;
  const bool pictures = a.type == "u1" && a.shape.size() == 4 &&
                        a.shape[0] > 0 && (a.shape[3] == 1 || a.shape[3] == 3);
  if (pictures) return a.shape[0];
  return std::nullopt;
}

// The same with the number of frames in front.
Array framed(Array a, int64_t frames) {
  if (frames == 1) a.shape.insert(a.shape.begin(), 1);
  return a;
}

// Keeps an array that does not go in as one frame, which array_input() refuses.
Stack stack_of_array(const Graph& graph, Array a) {
  Stack stack;
  stack.count = graph.inputs.size() == 1 ? frames_in(graph, a).value_or(1) : 1;
  stack.inputs.push_back(framed(std::move(a), stack.count));
  return stack;
}

// Arrays have no axes of sensors for names, and scikit-learn calls labels y.
bool names_labels(const std::string& name) {
  return name == "y" || is_label_name(name);
}

std::string list_of(const std::vector<NpzArray>& arrays) {
  std::string text;
  for (const NpzArray& a : arrays) {
    text += (text.empty() ? "" : ", ") + printable(a.name) + " (" +
            axes_text(a.array.shape) + " " + a.array.type + ")";
  }
  return text;
}

class NpzFrames {
 public:
  NpzFrames(const Graph& graph, std::vector<NpzArray> arrays,
            const std::string& name)
      : graph_(graph), arrays_(std::move(arrays)), name_(printable(name)) {}

  Stack read();

 private:
  const NpzArray& array_for(int input) const;
  void take_labels(Stack&) const;

  const Graph& graph_;
  const std::vector<NpzArray> arrays_;
  const std::string name_;
};

const NpzArray& NpzFrames::array_for(int input) const {
  const std::string& name = graph_.tensors[static_cast<size_t>(input)].name;
  const auto found = std::ranges::find(arrays_, name, &NpzArray::name);
  if (found != arrays_.end()) return *found;
  std::vector<const NpzArray*> possible;
  for (const NpzArray& a : arrays_) {
    if (!names_labels(a.name)) possible.push_back(&a);
  }
  const bool only = graph_.inputs.size() == 1;
  if (only && possible.size() == 1) return *possible[0];
  throw Error(Exit::kUsage,
              name_ + ": no array is named as input '" + printable(name) +
                  "', there are " + list_of(arrays_),
              only ? "save the array that is meant alone, as .npy"
                   : "save the inputs' arrays under the inputs' names");
}

void NpzFrames::take_labels(Stack& stack) const {
  for (const NpzArray& a : arrays_) {
    const bool input = std::ranges::any_of(graph_.inputs, [&](int t) {
      return graph_.tensors[static_cast<size_t>(t)].name == a.name;
    });
    if (!names_labels(a.name) || input) continue;
    const bool numbers = a.array.type[0] != 'f';
    if (!numbers || value_count(a.array) != stack.count) {
      throw Error(Exit::kUsage,
                  name_ + ": array " + printable(a.name) + " has " +
                      axes_text(a.array.shape) + " values of type " +
                      a.array.type + ", the labels of " +
                      format_count(stack.count) +
                      " frames must be as many integers",
                  "save as many integers, or leave them out");
    }
    for (int64_t i = 0; i < stack.count; ++i) {
      constexpr double kMostLabel = 1 << 24;
      const double v = value_at(a.array, i);
      if (v < 0 || v > kMostLabel) {
        throw Error(Exit::kUsage, name_ + ": label " + format_count(i) +
                                      " is not the number of a class");
      }
      stack.labels.push_back(static_cast<int>(v));
    }
    return;
  }
}

Stack NpzFrames::read() {
  Stack stack;
  std::string first;
  for (const int input : graph_.inputs) {
    const NpzArray& found = array_for(input);
    const Graph one = with_one_input(graph_, input);
    const std::optional<int64_t> count = frames_in(one, found.array);
    if (!count) {
      // It is refused with both shapes.
      array_input(one, found.array, name_ + ": array " + found.name, {});
    }
    if (stack.inputs.empty()) {
      stack.count = count.value_or(1), first = found.name;
    }
    if (count.value_or(1) != stack.count) {
      throw Error(Exit::kUsage,
                  name_ + ": " + format_count(stack.count) + " frames of " +
                      printable(first) + ", " + format_count(*count) + " of " +
                      printable(found.name),
                  "save as many of each");
    }
    stack.inputs.push_back(framed(found.array, stack.count));
  }
  take_labels(stack);
  return stack;
}

Stack stack_of(const Graph& graph, const std::string& name,
               std::span<const uint8_t> file) {
  const std::string kind = kind_of_file(name);
  if (kind == ".npy")
    return stack_of_array(graph, parse_npy(file, printable(name)));
  if (kind == ".npz") {
    return NpzFrames(graph, parse_npz(file, name), name).read();
  }
  if (kind == ".wav") return stack_of_sound(graph, parse_wav(file, name), name);
  return stack_of_table(graph, parse_csv(file, name), name);
}

}  // namespace

std::string kind_of_file(const std::string& name) {
  std::string text = std::filesystem::path(name).extension().string();
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

bool is_stack(const std::string& name) {
  constexpr std::string_view kKinds[] = {".npy", ".npz", ".csv", ".tsv",
                                         ".wav"};
  return std::ranges::find(kKinds, kind_of_file(name)) != std::end(kKinds);
}

const Tensor& only_input_for(const Graph& graph, const std::string& name,
                             const std::string& what) {
  if (graph.inputs.size() == 1) {
    return graph.tensors[static_cast<size_t>(graph.inputs[0])];
  }
  throw Error(Exit::kUsage,
              printable(name) + ": " + what + " is one input, the model has " +
                  std::to_string(graph.inputs.size()),
              "name the file of each: NAME=FILE NAME=FILE");
}

Stack read_stack(const Graph& graph, const std::string& name,
                 std::span<const uint8_t> file) {
  Stack stack = stack_of(graph, name, file);
  if (stack.inputs.size() != 1) return stack;
  const Array first = stack_array(stack, 0, 0);
  stack.pixels = is_pixels(graph, first);
  if (stack.pixels && !as_picture(first)) {
    // Grey pictures are often saved without the axis of their one colour.
    const Shape& shape =
        graph.tensors[static_cast<size_t>(graph.inputs[0])].shape;
    stack.inputs[0].shape.assign(1, stack.count);
    stack.inputs[0].shape.insert(stack.inputs[0].shape.end(), shape.begin(),
                                 shape.end());
  }
  return stack;
}

Picture stack_picture(const Stack& stack, int64_t i) {
  return as_picture(stack_array(stack, 0, i)).value();
}

Array stack_array(const Stack& stack, size_t input, int64_t i) {
  const Array& all = stack.inputs[input];
  const size_t bytes = all.bytes.size() / static_cast<size_t>(stack.count);
  const auto at = all.bytes.begin() + static_cast<ptrdiff_t>(bytes) * i;
  return {all.type,
          {all.shape.begin() + 1, all.shape.end()},
          {at, at + static_cast<ptrdiff_t>(bytes)}};
}

std::vector<uint8_t> stack_input(const Graph& graph, const Stack& stack,
                                 int64_t i, const std::string& name,
                                 const PictureOptions& options,
                                 std::string* doubt) {
  if (doubt != nullptr) doubt->clear();
  std::vector<uint8_t> bytes;
  for (size_t k = 0; k < stack.inputs.size(); ++k) {
    const Array a = stack_array(stack, k, i);
    const bool all = stack.inputs.size() == graph.inputs.size();
    const Graph one =
        all ? with_one_input(graph, graph.inputs[k]) : Graph(graph);
    if (doubt != nullptr && doubt->empty()) *doubt = doubt_about(one, a, name);
    const std::vector<uint8_t> part = array_input(one, a, name, options);
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

}  // namespace shoal
