// Words of errors. Internal to host/model/onnx.
#pragma once

#include <sstream>
#include <string>

namespace shoal::onnx_import {

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class List>
std::string shape_text(const List& shape) {
  if (shape.empty()) return "scalar";
  std::string out;
  for (const auto size : shape) {
    out += (out.empty() ? "" : "x") + std::to_string(size);
  }
  return out;
}

// Names come from the file. As those of .tflite files are read, so that what is
// written as one has the same.
inline std::string without_controls(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = '?';
  }
  return name;
}

// Cut if long.
inline std::string quoted(const std::string& name) {
  constexpr size_t kShown = 60;
  std::string out =
      name.size() > kShown ? name.substr(0, kShown) + "..." : name;
  return '"' + without_controls(std::move(out)) + '"';
}

}  // namespace shoal::onnx_import
