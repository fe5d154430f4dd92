#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <set>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/input/array_input.h"
#include "host/data/input/stacks.h"

namespace shoal {
namespace {

std::string counted(int64_t count, const char* one) {
  return format_count(count) + " " + one + (count == 1 ? "" : "s");
}

// How the rows of a table become frames.
struct Taken {
  int64_t frames = 0, rows = 0;  // of a frame
  bool transposed = false;       // a row is a column of the frame
};

class TableFrames {
 public:
  TableFrames(const Tensor& input, const CsvTable& table,
              const std::string& name)
      : input_(input),
        table_(table),
        name_(printable(name)),
        values_(element_count(input.shape)),
        axes_(axes_above_one(input.shape)) {}

  Stack read() const;

 private:
  // Columns of a row that is a time step: the last axis above 1, or a single
  // value of a signal that has only one axis.
  int64_t step_columns() const { return axes_.size() > 1 ? axes_.back() : 1; }
  bool is_step(int64_t columns) const;
  // Returns whether time is the last axis, as one-dimensional networks of
  // PyTorch have it (1 x channels x steps), and a row has all channels.
  bool is_step_of_last_axis(int64_t columns) const {
    return axes_.size() == 2 && columns == axes_[0];
  }
  Taken take() const;
  [[noreturn]] void refuse_columns() const;
  void take_labels(const Taken&, Stack&) const;
  std::string note(const Taken&) const;
  std::vector<double> in_channels(const Taken&) const;

  const Tensor& input_;
  const CsvTable& table_;
  const std::string name_;
  const int64_t values_;
  const std::vector<int64_t> axes_;
};

bool TableFrames::is_step(int64_t columns) const {
  if (axes_.size() < 2) return columns == 1;
  int64_t product = 1;
  for (size_t i = axes_.size() - 1; i > 0; --i) {
    product *= axes_[i];
    if (product == columns) return true;
  }
  return false;
}

void TableFrames::refuse_columns() const {
  std::string names;
  constexpr size_t kMost = 8;
  for (size_t i = 0; i < std::min(kMost, table_.names.size()); ++i) {
    names += (i > 0 ? ", " : "") + printable(table_.names[i]);
  }
  if (table_.names.size() > kMost) names += ", ...";
  if (!names.empty()) names = " (" + names + ")";
  throw Error(Exit::kUsage,
              name_ + ": " + counted(table_.columns, "column") + names +
                  ", input '" + printable(input_.name) + "' (" +
                  axes_text(input_.shape) + ") takes " + format_count(values_) +
                  ", a row a frame, or " + format_count(step_columns()) +
                  (axes_.size() == 2 && axes_[0] != axes_[1]
                       ? " or " + format_count(axes_[0])
                       : "") +
                  ", a row a time step",
              "leave out columns that the model does not read, such as times");
}

Taken TableFrames::take() const {
  if (table_.columns == values_) return {table_.rows, 1};
  const bool transposed = !is_step(table_.columns);
  if (transposed && !is_step_of_last_axis(table_.columns)) refuse_columns();
  const int64_t rows = values_ / table_.columns;
  if (table_.rows < rows) {
    throw Error(Exit::kUsage,
                name_ + ": " + counted(table_.rows, "row") + " of " +
                    counted(table_.columns, "column") +
                    ", a row a time step, and a frame has " +
                    format_count(rows),
                "give more rows");
  }
  return {table_.rows / rows, rows, transposed};
}

// Labels that are all whole numbers are the classes' numbers; others are their
// names, numbered by their bytes as folders are.
void TableFrames::take_labels(const Taken& taken, Stack& stack) const {
  std::vector<std::string> texts;
  for (int64_t f = 0; f < taken.frames; ++f) {
    const auto first = table_.labels.begin() + f * taken.rows;
    const bool alike = std::all_of(first, first + taken.rows,
                                   [&](const auto& l) { return l == *first; });
    if (!alike) {
      stack.note += "; " + printable(table_.label_name) +
                    " changes inside of a frame, so that frames have no labels";
      return;
    }
    texts.push_back(*first);
  }
  std::vector<int> numbers;
  for (const std::string& text : texts) {
    double number = 0;  // tools write whole numbers as 3.0, too
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || !(number >= 0) || number > 1e9 ||
        number != std::floor(number)) {
      break;
    }
    numbers.push_back(static_cast<int>(number));
  }
  if (numbers.size() == texts.size()) {
    stack.labels = std::move(numbers);
    return;
  }
  const std::set<std::string> names(texts.begin(), texts.end());
  for (const std::string& name : names)
    stack.classes.push_back(printable(name));
  for (const std::string& text : texts) {
    stack.labels.push_back(
        static_cast<int>(std::distance(names.begin(), names.find(text))));
  }
}

std::string TableFrames::note(const Taken& taken) const {
  std::string text = name_ + ": ";
  if (taken.rows == 1) {
    text += "a row a frame (" + counted(table_.columns, "column") +
            "): " + counted(taken.frames, "frame");
    if (step_columns() != values_) {
      text += "; rows of " + counted(step_columns(), "column") +
              " would be time steps";
    }
  } else {
    // The longer axis of two is that of time.
    const bool channels =
        !taken.transposed && axes_.size() == 2 && axes_[0] < axes_[1];
    text += std::string("a row a ") +
            (channels ? "channel or time step (" : "time step (") +
            counted(table_.columns, "column") +
            (taken.transposed ? ", the input's channels" : "") +
            "): " + counted(taken.frames, "frame") + " of " +
            counted(taken.rows, "row");
    const int64_t left = table_.rows - taken.frames * taken.rows;
    if (left > 0) {
      text += ", the last " + counted(left, "row") + " left out";
    }
    text += "; rows of " + counted(values_, "column") + " would be frames";
  }
  if (table_.index_left_out) {
    text += "; the first column, which counts the rows, is left out";
  }
  return text;
}

// Returns the frames with all steps of one channel after another.
std::vector<double> TableFrames::in_channels(const Taken& taken) const {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(taken.frames * values_));
  for (int64_t f = 0; f < taken.frames; ++f) {
    for (int64_t channel = 0; channel < table_.columns; ++channel) {
      for (int64_t row = 0; row < taken.rows; ++row) {
        values.push_back(table_.values[static_cast<size_t>(
            (f * taken.rows + row) * table_.columns + channel)]);
      }
    }
  }
  return values;
}

Stack TableFrames::read() const {
  const Taken taken = take();
  Stack stack;
  stack.count = taken.frames;
  stack.note = note(taken);
  Array a{"f8", {taken.frames}, {}};
  a.shape.insert(a.shape.end(), input_.shape.begin(), input_.shape.end());
  a.bytes.resize(static_cast<size_t>(taken.frames * values_) * sizeof(double));
  if (taken.transposed) {
    const std::vector<double> values = in_channels(taken);
    std::memcpy(a.bytes.data(), values.data(), a.bytes.size());
  } else {
    std::memcpy(a.bytes.data(), table_.values.data(), a.bytes.size());
  }
  stack.inputs.push_back(std::move(a));
  if (!table_.labels.empty()) take_labels(taken, stack);
  return stack;
}

}  // namespace

Stack stack_of_table(const Graph& graph, const CsvTable& table,
                     const std::string& name) {
  const Tensor& input = only_input_for(graph, name, "a table");
  return TableFrames(input, table, name).read();
}

}  // namespace shoal
