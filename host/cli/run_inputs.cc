#include "host/cli/run_inputs.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/memory.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/data/dataset/sets.h"
#include "host/data/image/random_input.h"
#include "host/data/input/input.h"

namespace shoal {
namespace {

void tell_passed_over(const std::string& folder,
                      const std::vector<std::string>& names) {
  if (names.empty()) return;
  constexpr size_t kMost = 5;
  std::string text;
  for (size_t i = 0; i < std::min(kMost, names.size()); ++i) {
    text += (i > 0 ? ", " : "") + printable(names[i]);
  }
  if (names.size() > kMost) text += ", ...";
  tell("%s: passed over %s, no inputs: %s\n", printable(folder).c_str(),
       format_count(static_cast<int64_t>(names.size())).c_str(), text.c_str());
}

RunInput single_input(const std::string& path, const InputOptions& options) {
  return {path,
          [=](const Graph& graph) { return load_input(graph, path, options); },
          [=]() -> std::optional<Picture> {
            if (is_random_input(path) || path == "-" || has_values(path)) {
              return std::nullopt;
            }
            return decode_picture(read_file(path, files::kInput), path);
          }};
}

// The frames of a file of values; a single one is read again when it is
// wanted, as other files are.
void add_frames(const Graph& graph, const std::string& path,
                const InputOptions& options, std::vector<RunInput>& inputs) {
  const auto stack = with_memory_for("the input " + path, [&] {
    return std::make_shared<const Stack>(
        read_stack(graph, path, read_file(path, files::kInput)));
  });
  if (stack->count == 1) {
    inputs.push_back(single_input(path, options));
    return;
  }
  if (!stack->note.empty()) tell("%s\n", stack->note.c_str());
  for (int64_t i = 0; i < stack->count; ++i) {
    const std::string name = path + "[" + std::to_string(i) + "]";
    inputs.push_back({name,
                      [=](const Graph& to) {
                        InputRemarks remarks;
                        Bytes bytes =
                            stack_input(to, *stack, i, name, options,
                                        i == 0 ? &remarks.doubt : nullptr);
                        tell_remarks(remarks);
                        return bytes;
                      },
                      [=]() -> std::optional<Picture> {
                        if (!stack->pixels) return std::nullopt;
                        return stack_picture(*stack, i);
                      }});
  }
}

// Its files; folders in it are passed over.
void add_folder(const std::string& folder, const InputOptions& options,
                std::vector<RunInput>& inputs) {
  Entries entries = entries_of(folder);
  for (const std::string& inner : entries.folders) {
    entries.others.push_back(inner + "/");
  }
  tell_passed_over(folder, entries.others);
  if (entries.items.empty()) {
    throw Error(
        Exit::kUsage,
        printable(folder) + ": the folder holds no pictures and no values",
        "give a folder of png, jpg, bmp, gif, ppm, webp, npy, npz, csv, wav or "
        "bin files");
  }
  for (const std::string& item : entries.items) {
    const auto path = std::filesystem::path(folder) / item;
    inputs.push_back(single_input(path.string(), options));
  }
}

using NamedFiles = std::map<std::string, std::string>;

// The bytes of all inputs of a frame, each read from its own file.
std::vector<uint8_t> load_named(const Graph& graph, const NamedFiles& files,
                                const InputOptions& options) {
  std::vector<uint8_t> all;
  size_t used = 0;
  std::string names, missing;
  for (const int t : graph.inputs) {
    const std::string& name = graph.tensors[static_cast<size_t>(t)].name;
    names += (names.empty() ? "" : ", ") + printable(name);
    const auto file = files.find(name);
    if (file == files.end()) {
      missing += (missing.empty() ? "" : ", ") + printable(name);
      continue;
    }
    ++used;
    const std::vector<uint8_t> one =
        load_input(with_one_input(graph, t), file->second, options);
    all.insert(all.end(), one.begin(), one.end());
  }
  if (used < files.size()) {
    const auto is_known = [&](const std::string& name) {
      return std::ranges::any_of(graph.inputs, [&](int t) {
        return graph.tensors[static_cast<size_t>(t)].name == name;
      });
    };
    for (const auto& [name, path] : files) {
      if (is_known(name)) continue;
      throw Error(Exit::kUsage,
                  printable(name) + "=" + printable(path) +
                      ": no input of the model has that name",
                  "the inputs are " + names);
    }
  }
  if (!missing.empty()) {
    throw Error(Exit::kUsage, "no file for the model's input " + missing,
                "add NAME=FILE for it, before the next frame's");
  }
  return all;
}

RunInput from_named(const NamedFiles& files, const InputOptions& options) {
  std::string title;
  for (const auto& [name, path] : files) {
    title += (title.empty() ? "" : " ") + name + "=" + path;
  }
  return {title,
          [=](const Graph& graph) { return load_named(graph, files, options); },
          []() -> std::optional<Picture> { return std::nullopt; }};
}

}  // namespace

std::vector<RunInput> run_inputs(const Graph& graph,
                                 const std::vector<std::string>& arguments,
                                 const InputOptions& options) {
  std::vector<RunInput> inputs;
  NamedFiles frame;
  const auto end_frame = [&] {
    if (!frame.empty()) inputs.push_back(from_named(frame, options));
    frame.clear();
  };
  for (const std::string& argument : arguments) {
    if (const auto named = named_file(argument)) {
      if (frame.contains(named->first)) end_frame();
      frame.insert(*named);
      continue;
    }
    end_frame();
    std::error_code error;
    if (std::filesystem::is_directory(argument, error)) {
      add_folder(argument, options, inputs);
    } else if (is_stack(argument)) {
      add_frames(graph, argument, options, inputs);
    } else {
      inputs.push_back(single_input(argument, options));
    }
  }
  end_frame();
  return inputs;
}

RunInput only_run_input(const Graph& graph, const std::string& argument,
                        const InputOptions& options) {
  std::vector<RunInput> inputs = run_inputs(graph, {argument}, options);
  if (inputs.size() == 1) return std::move(inputs.front());
  throw Error(Exit::kUsage,
              printable(argument) + ": " +
                  format_count(static_cast<int64_t>(inputs.size())) +
                  " frames, but one is needed",
              "give a file of one frame");
}

}  // namespace shoal
