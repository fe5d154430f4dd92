// What a command takes as MODEL. Apart from import.cc, so that who only reads
// .tflite files has nothing to do with protobuf.
#include <filesystem>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/model/import/import.h"
#include "host/model/onnx/onnx.h"
#include "host/model/tflite/raw_model.h"
#include "host/model/zoo/zoo.h"

namespace shoal {
namespace {

// ONNX files have no mark of their own, so a name may contradict.
ModelFormat format_of(std::span<const uint8_t> file,
                      const std::filesystem::path& path) {
  if (is_tflite(file) || path.extension() == ".tflite") {
    return ModelFormat::kTflite;
  }
  return is_onnx(file) || path.extension() == ".onnx" ? ModelFormat::kOnnx
                                                      : ModelFormat::kTflite;
}

}  // namespace

LoadedModel load_whole_model(const std::string& model,
                             const ImportOptions& options) {
  if (is_zoo_name(model)) {
    if (options.is_asked()) {
      throw Error(Exit::kUsage,
                  "--inputs, --outputs and --input-shape are for files, not "
                  "for a network of the zoo");
    }
    return {zoo_model(model), ModelFormat::kZoo};
  }
  const std::vector<uint8_t> file = read_file(model, files::kModel);
  const std::filesystem::path path(model);
  const std::string name = path.filename().string();
  ImportOptions all = options;
  if (all.constant_bytes == 0) all.constant_bytes = memory_for_constants();
  LoadedModel loaded{{}, format_of(file, path)};
  loaded.graph = loaded.format == ModelFormat::kOnnx
                     ? import_onnx(file, name, all)
                     : import_tflite(file, name, all, &loaded.detection);
  return loaded;
}

Graph load_model(const std::string& model, const ImportOptions& options) {
  return load_whole_model(model, options).graph;
}

}  // namespace shoal
