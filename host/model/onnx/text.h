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

// Names come from the file: cut if long, and without control characters.
inline std::string quoted(const std::string& name) {
  constexpr size_t kShown = 60;
  std::string out =
      name.size() > kShown ? name.substr(0, kShown) + "..." : name;
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  }
  return '"' + out + '"';
}

}  // namespace shoal::onnx_import
