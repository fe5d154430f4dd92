// An engine of the tool with NumPy arrays in and out.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/cli/open_engine.h"
#include "host/data/input/input.h"
#include "host/engine/engine.h"

namespace shoal {

class ArraySession {
 public:
  // `words`: the arguments of `shoal run` without an INPUT. Loads the model.
  static std::unique_ptr<ArraySession> load(
      const std::vector<std::string>& words);
  explicit ArraySession(const std::vector<std::string>& words);
  ~ArraySession();

  // (name, type as in "i1", shape) of each.
  pybind11::list inputs() const;
  pybind11::list outputs() const;

  // Runs frames that `next` returns, a list of arrays for the inputs or None
  // at the end, and calls `take` with the list of outputs of each. Plans or
  // connects before the first.
  void stream(const pybind11::function& next, const pybind11::function& take,
              bool is_sequence, const pybind11::object& progress);

  // `next` returns (list of arrays, class). Returns JSON as evaluate prints it.
  std::string evaluate(const pybind11::function& next,
                       const pybind11::object& progress);

  // Gives nodes back.
  void close();

 private:
  // Without the interpreter's lock.
  void open();
  Bytes input_bytes(const pybind11::list& arrays);
  pybind11::list output_arrays(const Bytes&) const;

  RunFlags flags_;
  InputOptions options_;
  std::unique_ptr<EngineOpening> opening_;
  std::unique_ptr<Engine> engine_;
  Graph graph_;           // what arrays are checked against
  bool is_first_ = true;  // no frame has come yet
};

}  // namespace shoal
