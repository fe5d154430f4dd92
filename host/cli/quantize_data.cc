#include "host/cli/quantize_data.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/floats.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/data/image/random_input.h"
#include "host/data/input/input.h"

namespace shoal {
namespace {

void refuse_normalization(const QuantizeFlags& flags, const char* why) {
  if (flags.pictures.mean.empty() && flags.pictures.deviation.empty()) return;
  throw Error(
      Exit::kUsage,
      calibration_title(flags) + ": --mean and --std are for pictures, " + why,
      "leave them out");
}

CalibrationData random_calibration(const Graph& graph,
                                   const QuantizeFlags& flags) {
  refuse_normalization(flags, "not for random inputs");
  const uint64_t seed = random_seed_of(flags.calibrate[0]);
  CalibrationData c;
  c.frames = {
      flags.frames, [&graph, seed](int64_t i) {
        return floats_of(random_input(graph, seed + static_cast<uint64_t>(i)));
      }};
  c.note =
      "random inputs are like no real data: ranges may be far off; give "
      "pictures or inputs that the model is meant for";
  return c;
}

// A file of one frame after another.
CalibrationData raw_calibration(const Graph& graph,
                                const QuantizeFlags& flags) {
  refuse_normalization(flags, "a .bin has the model's own values");
  const auto bytes = std::make_shared<std::vector<uint8_t>>(
      read_file(flags.calibrate[0], files::kData));
  const int64_t one = input_file_bytes(graph);
  const auto all = static_cast<int64_t>(bytes->size());
  if (all == 0 || all % one != 0) {
    throw Error(Exit::kUsage, flags.calibrate[0] + ": " + format_count(all) +
                                  " bytes are not frames of " +
                                  format_count(one) +
                                  ", the model's input in float32");
  }
  const int64_t held = all / one;
  const int64_t count = std::min(held, flags.frames);
  CalibrationData c;
  c.frames = {count, [=](int64_t i) {
                const uint8_t* const at =
                    bytes->data() + i * held / count * one;
                return floats_of(std::span(at, static_cast<size_t>(one)));
              }};
  return c;
}

// The real values of pixels 0..255 of any channel.
std::pair<float, float> pixel_range(const std::optional<Normalization>& norm) {
  if (!norm) return {0.f, 1.f};
  const auto pick = [](const std::vector<float>& v, size_t i, float otherwise) {
    return v.empty() ? otherwise : v[std::min(i, v.size() - 1)];
  };
  float low = 0, high = 0;
  const size_t n = std::max(norm->mean.size(), norm->deviation.size());
  for (size_t i = 0; i < n; ++i) {
    const float mean = pick(norm->mean, i, 0);
    const float deviation = pick(norm->deviation, i, 1);
    low = std::min(low, -mean / deviation);
    high = std::max(high, (255 - mean) / deviation);
  }
  return {low, high};
}

// The range that 256 steps from an integer zero point cover: what commands
// make of pixels later, and what calibration computes with.
std::pair<float, float> on_steps(std::pair<float, float> range) {
  const double step = (double{range.second} - range.first) / 255;
  const double below = std::round(-range.first / step);
  return {static_cast<float>(-below * step),
          static_cast<float>((255 - below) * step)};
}

std::string input_names(const Graph& graph) {
  std::string names;
  for (const int t : graph.inputs) {
    names += (names.empty() ? "" : ", ") +
             printable(graph.tensors[static_cast<size_t>(t)].name);
  }
  return names;
}

// The flags of the inputs that have no path yet.
std::string flags_of_inputs(const Graph& graph, const NamedPaths& given) {
  std::string text;
  for (const int t : graph.inputs) {
    const std::string& name = graph.tensors[static_cast<size_t>(t)].name;
    if (given.contains(name)) continue;
    text += (text.empty() ? "" : " ") + ("--calibrate " + printable(name)) +
            "=FILE";
  }
  return text;
}

void refuse_one_of_several(const Graph& graph, const std::string& name) {
  const std::string kind = kind_of_file(name);
  if (graph.inputs.size() == 1 || kind == ".npz" || kind == ".bin") return;
  throw Error(Exit::kUsage,
              printable(name) + ": is for one input, the model has " +
                  std::to_string(graph.inputs.size()) + ": " +
                  input_names(graph),
              flags_of_inputs(graph, {}) +
                  "; or a .npz file with an array of each name");
}

// A path for each input of the model.
NamedPaths named_paths(const Graph& graph, const QuantizeFlags& flags) {
  NamedPaths paths;
  for (const std::string& argument : flags.calibrate) {
    const auto named = named_file(argument);
    if (!named) {
      throw Error(Exit::kUsage,
                  "--calibrate is given " +
                      std::to_string(flags.calibrate.size()) + " times, '" +
                      printable(argument) + "' without an input's name",
                  "give --calibrate once, or for each input: " +
                      flags_of_inputs(graph, {}));
    }
    const auto& [name, path] = *named;
    const bool known = std::ranges::any_of(graph.inputs, [&](int t) {
      return graph.tensors[static_cast<size_t>(t)].name == name;
    });
    const std::string title = "--calibrate " + printable(argument);
    if (!known) {
      throw Error(Exit::kUsage, title + ": no input of the model has that name",
                  "the inputs are " + input_names(graph));
    }
    if (is_random_input(path)) {
      throw Error(Exit::kUsage,
                  title + ": random values are for all inputs at once",
                  "name a file, or give only --calibrate " + path);
    }
    if (!paths.emplace(name, path).second) {
      throw Error(
          Exit::kUsage,
          title + ": the input has a file already, " + printable(paths[name]),
          "give one file for each input");
    }
  }
  const std::string missing = flags_of_inputs(graph, paths);
  if (!missing.empty()) {
    throw Error(Exit::kUsage, "--calibrate names no file of some inputs",
                "add " + missing);
  }
  return paths;
}

std::unique_ptr<Dataset> open_data(const Graph& graph,
                                   const QuantizeFlags& flags) {
  const std::string& first = flags.calibrate[0];
  if (flags.calibrate.size() > 1 || named_file(first)) {
    if (!flags.which.empty()) {
      throw Error(Exit::kUsage,
                  "--which is for folders of IDX files, not for NAME=FILE",
                  "leave out --which");
    }
    return open_named_dataset(graph, named_paths(graph, flags));
  }
  const bool folder = std::filesystem::is_directory(first);
  if (!folder) refuse_one_of_several(graph, first);
  std::unique_ptr<Dataset> data = open_dataset(graph, first, flags.which);
  if (folder) refuse_one_of_several(graph, data->name(0));
  return data;
}

CalibrationData data_calibration(const Graph& graph, const QuantizeFlags& flags,
                                 const InputOptions& pictures) {
  CalibrationData c;
  c.data = open_data(graph, flags);
  c.taken = c.data->note(graph);
  std::vector<int> labels;
  for (int64_t i = 0; i < c.data->size(); ++i) {
    labels.push_back(c.data->label(i));
  }
  std::vector<int64_t> items = pick_items(labels, flags.frames);
  // A sequence has no gaps.
  if (flags.is_sequence()) std::iota(items.begin(), items.end(), 0);
  const Dataset* const data = c.data.get();
  c.frames = {static_cast<int64_t>(items.size()), [=, &graph](int64_t i) {
                return floats_of(data->input(
                    graph, items[static_cast<size_t>(i)], pictures));
              }};
  c.pictures = std::all_of(items.begin(), items.end(),
                           [&](int64_t i) { return c.data->is_picture(i); });
  if (!c.pictures) {
    refuse_normalization(flags, "the data are the model's own values");
    return c;
  }
  const auto norm = normalization_of(graph, pictures);
  c.pixels = norm.value_or(Normalization{{0.f}, {255.f}});
  c.plain_pixels = has_plain_pixels(*c.pixels);
  const auto range = pixel_range(norm);
  c.input_ranges = {c.plain_pixels ? range : on_steps(range)};
  return c;
}

}  // namespace

std::vector<int64_t> pick_items(const std::vector<int>& labels, int64_t count) {
  std::map<int, std::vector<int64_t>> by_label;
  for (size_t i = 0; i < labels.size(); ++i) {
    by_label[labels[i]].push_back(static_cast<int64_t>(i));
  }
  std::map<int, int64_t> quota;
  int64_t left = std::min<int64_t>(count, static_cast<int64_t>(labels.size()));
  while (left > 0) {
    for (const auto& [label, items] : by_label) {
      int64_t& n = quota[label];
      if (left == 0 || n == static_cast<int64_t>(items.size())) continue;
      ++n;
      --left;
    }
  }
  std::vector<int64_t> picked;
  for (const auto& [label, items] : by_label) {
    const auto n = static_cast<int64_t>(items.size());
    for (int64_t k = 0; k < quota[label]; ++k) {
      picked.push_back(items[static_cast<size_t>(k * n / quota[label])]);
    }
  }
  std::sort(picked.begin(), picked.end());
  return picked;
}

std::string calibration_title(const QuantizeFlags& flags) {
  std::string title;
  for (const std::string& data : flags.calibrate) {
    title += (title.empty() ? "" : " ") + data;
  }
  return title;
}

CalibrationData open_calibration(const Graph& graph, const QuantizeFlags& flags,
                                 const InputOptions& pictures) {
  namespace fs = std::filesystem;
  if (flags.calibrate.size() > 1) {
    return data_calibration(graph, flags, pictures);
  }
  if (is_random_input(flags.calibrate[0])) {
    return random_calibration(graph, flags);
  }
  const fs::path path = flags.calibrate[0];
  if (path.extension() == ".bin" && fs::is_regular_file(path)) {
    return raw_calibration(graph, flags);
  }
  return data_calibration(graph, flags, pictures);
}

}  // namespace shoal
