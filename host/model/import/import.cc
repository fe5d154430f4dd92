#include "host/model/import/import.h"

#include "host/base/error.h"
#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

[[noreturn]] void throw_unsupported(const std::string& name,
                                    const std::vector<std::string>& lines,
                                    const std::string& fix) {
  std::string what = name + ": not supported:";
  for (const std::string& line : lines) what += "\n  " + line;
  throw Error(Exit::kUnsupported, what, fix);
}

Graph convert(RawModel raw, size_t file_bytes, const std::string& name) {
  check_order(raw, name);
  const auto widened = widen_halves(raw);
  if (!widened.empty()) check_order(raw, name);
  const auto narrowed = narrow_longs(raw);
  const TypeSurvey found = survey(raw);
  if (!found.lines.empty()) throw_unsupported(name, found.lines, found.fix);
  Graph graph;
  graph.name = name;
  graph.tensors = convert_tensors(raw, file_bytes, name);
  graph.inputs = raw.inputs;
  graph.outputs = raw.outputs;
  std::vector<std::string> unsupported;
  for (size_t i = 0; i < raw.ops.size(); ++i) {
    const OpInfo& info = *find_op(raw.ops[i].code);
    try {
      graph.ops.push_back(convert_op(
          OpReader(raw, graph, static_cast<int>(i), info, found.floats)));
    } catch (const Error& error) {
      if (error.code() != Exit::kUnsupported) throw;
      unsupported.push_back(error.what());
    }
  }
  if (!unsupported.empty()) throw_unsupported(name, unsupported, "");
  return graph;
}

}  // namespace

Graph import_tflite(std::span<const uint8_t> file, const std::string& name) {
  // Flatbuffers reads words in place, so the bytes have to lie aligned.
  if (reinterpret_cast<uintptr_t>(file.data()) % 16 != 0) {
    const std::vector<uint8_t> aligned(file.begin(), file.end());
    return convert(decode(aligned, name), file.size(), name);
  }
  return convert(decode(file, name), file.size(), name);
}

}  // namespace shoal
