#include "host/python/array_session.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/cli/common.h"
#include "host/cli/evaluate_report.h"
#include "host/cli/in_process.h"
#include "host/cli/output.h"
#include "host/cli/progress.h"
#include "host/cli/sequence.h"
#include "host/data/evaluate/evaluate.h"
#include "host/data/input/array_input.h"
#include "host/python/beside.h"

namespace shoal {
namespace {

namespace py = pybind11;

const Tensor& tensor(const Graph& graph, int t) {
  return graph.tensors[static_cast<size_t>(t)];
}

// Returns the tensors as Python's (name, type, shape).
py::list described(const Graph& graph, const std::vector<int>& tensors) {
  py::list all;
  for (const int t : tensors) {
    const Tensor& of = tensor(graph, t);
    all.append(py::make_tuple(of.name, array_type(of.file_type),
                              py::tuple(py::cast(of.shape))));
  }
  return all;
}

// Returns the values in the machine's order of bytes, the last axis fastest,
// however they lie.
Array values_of(const py::handle& object, const std::string& name) {
  if (!py::isinstance<py::array>(object)) {
    throw Error(Exit::kUsage,
                name + ": " + std::string(py::str(py::type::of(object))) +
                    " is no NumPy array",
                "give numpy.asarray(...) of it");
  }
  py::array array = py::reinterpret_borrow<py::array>(object);
  const char kind = array.dtype().kind();
  const auto bytes = array.dtype().itemsize();
  const bool whole = (kind == 'i' || kind == 'u') && bytes <= 8;
  if (!whole && !(kind == 'f' && (bytes == 4 || bytes == 8))) {
    throw Error(Exit::kUsage,
                name + ": values of " + std::string(py::str(array.dtype())) +
                    " do not go into a model",
                "give .astype('float32'), or integers of 8 to 64 bits");
  }
  array = py::module_::import("numpy").attr("ascontiguousarray")(
      array, array.dtype().attr("newbyteorder")("="));
  Array values;
  values.type = fmt::format("{}{}", kind, bytes);
  values.shape.assign(array.shape(), array.shape() + array.ndim());
  const auto* const first = static_cast<const uint8_t*>(array.data());
  values.bytes.assign(first, first + array.nbytes());
  return values;
}

}  // namespace

ArraySession::ArraySession(const std::vector<std::string>& words)
    : flags_(parse_run(words)),
      options_(input_options(flags_.pictures)),
      opening_(
          std::make_unique<EngineOpening>(EngineFlags{.verb = "run",
                                                      .model = flags_.model,
                                                      .ends = flags_.ends,
                                                      .plan = flags_.plan,
                                                      .cluster = flags_.cluster,
                                                      .network = flags_.network,
                                                      .floats = true,
                                                      .remote = true})),
      graph_(opening_->graph()) {}

std::unique_ptr<ArraySession> ArraySession::load(
    const std::vector<std::string>& words) {
  std::unique_ptr<ArraySession> session;
  run_beside(py::none(),
             [&] { session = std::make_unique<ArraySession>(words); });
  return session;
}

ArraySession::~ArraySession() { close(); }

// An engine that holds signals back gives them to the thread that ends it.
void ArraySession::close() {
  if (!engine_ && !opening_) return;
  run_beside(py::none(), [&] {
    engine_.reset();
    opening_.reset();
  });
}

py::list ArraySession::inputs() const {
  return described(graph_, graph_.inputs);
}

py::list ArraySession::outputs() const {
  return described(graph_, graph_.outputs);
}

void ArraySession::open() {
  if (engine_) return;
  if (!opening_) {
    throw Error(Exit::kUsage, "this session is closed", "open another one");
  }
  engine_ = opening_->open();
}

Bytes ArraySession::input_bytes(const py::list& arrays) {
  if (arrays.size() != graph_.inputs.size()) {
    throw Error(Exit::kUsage,
                fmt::format("a frame of {} arrays, and the model has {} inputs",
                            arrays.size(), graph_.inputs.size()),
                "give an array for each input, in the model's order");
  }
  Bytes all;
  for (size_t i = 0; i < arrays.size(); ++i) {
    const int t = graph_.inputs[i];
    const std::string name = "input '" + tensor(graph_, t).name + "'";
    const Graph alone = with_one_input(graph_, t);
    const Array values = values_of(arrays[i], name);
    const Bytes one = array_input(alone, values, name, options_);
    all.insert(all.end(), one.begin(), one.end());
    const std::string doubt =
        is_first_ ? doubt_about(alone, values, name) : std::string();
    if (!doubt.empty()) tell("warning: %s\n", doubt.c_str());
  }
  is_first_ = false;
  return all;
}

py::list ArraySession::output_arrays(const Bytes& bytes) const {
  py::list all;
  size_t at = 0;
  for (const int t : graph_.outputs) {
    const Tensor& of = tensor(graph_, t);
    const std::vector<py::ssize_t> shape(of.shape.begin(), of.shape.end());
    py::array array(py::dtype(array_type(of.file_type)), shape);
    const auto size = static_cast<size_t>(array.nbytes());
    if (size > bytes.size() - at) {
      throw Error(Exit::kInternal, "the answer has fewer bytes than outputs");
    }
    std::memcpy(array.mutable_data(), bytes.data() + at, size);
    at += size;
    all.append(std::move(array));
  }
  return all;
}

void ArraySession::stream(const py::function& next, const py::function& take,
                          bool is_sequence, const py::object& progress) {
  run_beside(progress, [&] {
    open();
    Progress counted("frames");
    int64_t given = 0, taken = 0;
    engine_->stream(
        [&]() -> std::optional<Bytes> {
          const py::gil_scoped_acquire locked;
          const py::object frame = next();
          if (frame.is_none()) return std::nullopt;
          if (given++ > 0 && !is_sequence && engine_->keeps_variables()) {
            throw several_frames("run", graph_.name);
          }
          return input_bytes(frame);
        },
        [&](const Answer& a) {
          const py::gil_scoped_acquire locked;
          take(output_arrays(a.output));
          counted.say(++taken, 0);
        });
  });
}

std::string ArraySession::evaluate(const py::function& next,
                                   const py::object& progress) {
  Classes classes;
  Answers answers;
  run_beside(progress, [&] {
    classes.count = class_count(graph_);
    open();
    if (engine_->keeps_variables()) {
      throw several_frames("evaluate", graph_.name);
    }
    Progress counted("frames");
    engine_->stream(
        [&]() -> std::optional<Bytes> {
          const py::gil_scoped_acquire locked;
          const py::object frame = next();
          if (frame.is_none()) return std::nullopt;
          const auto [arrays, label] =
              frame.cast<std::pair<py::list, int64_t>>();
          if (label < 0 || label >= classes.count) {
            throw Error(
                Exit::kUsage,
                fmt::format("frame {}: the model has no class {}",
                            classes.truth.size(), label),
                fmt::format("give labels of 0 to {}", classes.count - 1));
          }
          Bytes bytes = input_bytes(arrays);
          classes.truth.push_back(static_cast<int>(label));
          return bytes;
        },
        [&](const Answer& a) {
          const auto frame = static_cast<int64_t>(answers.size());
          answers[frame] = best_classes_of(graph_, a.output);
          counted.say(frame + 1, 0);
        });
    if (answers.empty()) {
      throw Error(Exit::kUsage, "there are no frames to evaluate",
                  "give pairs of an array and its class");
    }
  });
  const Accuracy accuracy = count_answers(classes, answers);
  return accuracy_json(classes, accuracy).dump(2) + "\n";
}

}  // namespace shoal
