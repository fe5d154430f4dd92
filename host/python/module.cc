// shoal._core: what of the tool Python's part of the module (shoal/*.py) needs.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <csignal>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/cli/app.h"
#include "host/cli/in_process.h"
#include "host/cli/output.h"
#include "host/plan/types/deadline.h"
#include "host/python/array_session.h"
#include "host/python/beside.h"

namespace shoal {
namespace {

namespace py = pybind11;

// Raises shoal.Error with the attributes that JSON has, too.
void raise(const Error& e, const py::object& type) {
  const std::string help = e.fix();
  const py::object raised =
      type(std::string(e.what()) + (help.empty() ? "" : "\n  " + help));
  raised.attr("code") = static_cast<int>(e.code());
  raised.attr("kind") = error_kind(e.code());
  raised.attr("message") = e.what();
  raised.attr("help") = help;
  PyErr_SetObject(type.ptr(), raised.ptr());
}

// Runs the tool in place of the interpreter.
int main_of(std::vector<std::string> words) {
  const py::gil_scoped_release unlocked;
  // Python has changed them; a closed pipe ends the tool, as others.
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  const auto count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  return run_app(count, arguments.data());
}

std::string verb(const std::vector<std::string>& words,
                 const py::object& progress) {
  return run_beside(progress, [&] { run_words(words); });
}

}  // namespace
}  // namespace shoal

PYBIND11_MODULE(_core, m) {
  using namespace shoal;
  static PyObject* error_type = nullptr;
  error_type = PyErr_NewException("shoal.Error", PyExc_Exception, nullptr);
  m.attr("Error") = py::reinterpret_borrow<py::object>(error_type);
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& e) {
      raise(e, py::reinterpret_borrow<py::object>(error_type));
    } catch (const PlanCancelled&) {
      PyErr_SetNone(PyExc_KeyboardInterrupt);
    }
  });
  m.def("main", &main_of, py::arg("words"));
  m.def("verb", &verb, py::arg("words"), py::arg("progress") = py::none());
  py::class_<ArraySession>(m, "Session")
      .def(py::init(&ArraySession::load), py::arg("words"))
      .def_property_readonly("inputs", &ArraySession::inputs)
      .def_property_readonly("outputs", &ArraySession::outputs)
      .def("stream", &ArraySession::stream, py::arg("next"), py::arg("take"),
           py::arg("is_sequence") = false, py::arg("progress") = py::none())
      .def("evaluate", &ArraySession::evaluate, py::arg("next"),
           py::arg("progress") = py::none())
      .def("close", &ArraySession::close);
}
