// Data of an ONNX model's tensors that lie in files beside it, as exporters
// write them for large models. Internal to host/model/onnx.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace shoal::onnx_import {

// Where a tensor's data lie, as the model says it; texts of numbers may be
// anything, empty ones are not said.
struct ExternalPlace {
  std::string location, offset, length;
};

class ExternalData {
 public:
  // `folder` is the model's; empty: there is none, and nothing can be read.
  ExternalData(const std::string& name, const std::string& folder)
      : name_(name), folder_(folder) {}

  // Returns the bytes of the tensor, which live as long as this object. A file
  // is named by a plain name, lies in the folder itself and is read once.
  // Throws Error(kUnsupported) for a path or a link that leads out of the
  // folder, Error(kCorrupt) for a file that is missing or too short and for
  // entries that make no sense.
  std::span<const uint8_t> bytes(const ExternalPlace&,
                                 const std::string& title);

 private:
  const std::vector<uint8_t>& file(const std::string& location,
                                   const std::string& title);

  const std::string& name_;
  const std::string& folder_;
  std::map<std::string, std::vector<uint8_t>> files_;
};

}  // namespace shoal::onnx_import
