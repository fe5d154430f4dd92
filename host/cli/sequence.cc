#include "host/cli/sequence.h"

#include <optional>
#include <utility>

#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/engine/common/frame_flow.h"

namespace shoal {
namespace {

std::vector<Bytes> load_stack(const Graph& graph, const std::string& path) {
  const Stack stack = read_stack(graph, path, read_file(path, files::kInput));
  InputRemarks remarks{.note = stack.note, .doubt = {}};
  std::vector<Bytes> frames;
  for (int64_t i = 0; i < stack.count; ++i) {
    frames.push_back(stack_input(graph, stack, i, path, {},
                                 i == 0 ? &remarks.doubt : nullptr));
  }
  tell_remarks(remarks);
  return frames;
}

}  // namespace

std::vector<Bytes> load_sequence(const Graph& graph, const std::string& path) {
  if (is_stack(path)) return load_stack(graph, path);
  const Bytes all =
      path == "-" ? read_stdin(files::kInput) : read_file(path, files::kInput);
  const auto bytes = static_cast<size_t>(input_bytes(graph));
  if (all.empty() || all.size() % bytes != 0) {
    throw Error(Exit::kUsage,
                (path == "-" ? "stdin" : printable(path)) + ": " +
                    format_count(static_cast<int64_t>(all.size())) +
                    " bytes are not whole frames of " +
                    format_count(static_cast<int64_t>(bytes)) + ", as " +
                    "--stream wants them one after another",
                "give raw frames in a file of their size, a stack of them "
                "(.npy, .npz, .csv, .wav), or leave out --stream");
  }
  std::vector<Bytes> frames;
  for (auto at = all.begin(); at != all.end();
       at += static_cast<ptrdiff_t>(bytes)) {
    frames.emplace_back(at, at + static_cast<ptrdiff_t>(bytes));
  }
  return frames;
}

std::vector<RunInput> sequence_inputs(const Graph& graph,
                                      const std::vector<std::string>& paths) {
  if (paths.size() != 1) {
    throw Error(Exit::kUsage,
                "--stream takes one sequence, and there are " +
                    std::to_string(paths.size()) + " inputs",
                "give one INPUT with all frames");
  }
  std::vector<RunInput> inputs;
  for (Bytes& frame : load_sequence(graph, paths[0])) {
    inputs.push_back(
        {paths[0] + " frame " + std::to_string(inputs.size()),
         [bytes = std::move(frame)](const Graph&) { return bytes; },
         [] { return std::optional<Picture>(); }});
  }
  return inputs;
}

Error several_frames(const std::string& what, const std::string& model) {
  return Error(Exit::kUsage,
               what + ": " + model +
                   " keeps variables from frame to frame, so that every frame "
                   "depends on the one before it",
               "use `shoal run --stream` with the frames in one file");
}

}  // namespace shoal
