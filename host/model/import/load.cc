// Loads the argument MODEL of a command. It is apart from import.cc, so that a
// program which only reads .tflite files has nothing to do with protobuf.
#include <filesystem>
#include <string_view>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/memory.h"
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

// Throws an error that names the file's real kind, if its first bytes tell.
void refuse_other_file(std::span<const uint8_t> file, const std::string& name) {
  struct Kind {
    std::string_view begin;
    const char *what, *fix;
  };
  constexpr const char* kOrder = "MODEL, a .tflite or ONNX file, comes first";
  constexpr const char* kExport =
      "export the network as .tflite (TensorFlow) or ONNX (PyTorch)";
  static constexpr Kind kKinds[] = {
      {"\x89PNG", "a PNG picture", kOrder},
      {"\xFF\xD8\xFF", "a JPEG picture", kOrder},
      {"GIF8", "a GIF picture", kOrder},
      {"BM", "a BMP picture", kOrder},
      {"RIFF", "a WebP picture or a sound", kOrder},
      {"\x93NUMPY", "an array of NumPy's", kOrder},
      {"version https://git-lfs", "a pointer of Git LFS in place of the file",
       "`git lfs pull` in its repository"},
      {"\x89HDF", "an HDF5 file, as Keras writes", kExport},
      {"PK\x03\x04", "a ZIP archive, as PyTorch and Keras write", kExport},
      {"\x1F\x8B", "compressed by gzip", "unpack it"},
  };
  const std::string_view text(reinterpret_cast<const char*>(file.data()),
                              file.size());
  for (const Kind& kind : kKinds) {
    if (!text.starts_with(kind.begin)) continue;
    // An ONNX file could begin so, but without four zeros soon after.
    constexpr std::string_view kReserved("\0\0\0\0", 4);
    if (kind.begin == "BM" && text.find(kReserved, 6) != 6) continue;
    throw Error(Exit::kUsage, name + ": is not a model but " + kind.what,
                kind.fix);
  }
}

}  // namespace

LoadedModel load_whole_model(const std::string& model,
                             const ImportOptions& options) {
  if (is_zoo_name(model)) {
    if (options.is_asked()) {
      throw Error(Exit::kUsage,
                  "--inputs, --outputs, --input-shape and --signature are for "
                  "files, not for a network of the zoo");
    }
    return {zoo_model(model), ModelFormat::kZoo};
  }
  const std::vector<uint8_t> file = read_file(model, files::kModel);
  const std::filesystem::path path(model);
  const std::string name = path.filename().string();
  if (!is_tflite(file)) refuse_other_file(file, model);
  if (!options.signature.empty() && !is_tflite(file)) {
    throw Error(Exit::kUsage, "--signature is for .tflite files",
                "leave it out");
  }
  ImportOptions all = options;
  all.folder = path.has_parent_path() ? path.parent_path().string() : ".";
  if (all.constant_bytes == 0) all.constant_bytes = memory_for_constants();
  LoadedModel loaded{{}, format_of(file, path)};
  loaded.graph = with_memory_for("the layers and weights of " + name, [&] {
    return loaded.format == ModelFormat::kOnnx
               ? import_onnx(file, name, all)
               : import_tflite(file, name, all, &loaded.detection);
  });
  return loaded;
}

Graph load_model(const std::string& model, const ImportOptions& options) {
  return load_whole_model(model, options).graph;
}

}  // namespace shoal
