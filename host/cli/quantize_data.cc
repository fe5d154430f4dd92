#include "host/cli/quantize_data.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/floats.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/data/image/random_input.h"
#include "host/data/input/input.h"

namespace shoal {
namespace {

void refuse_normalization(const QuantizeFlags& flags, const char* why) {
  if (flags.pictures.mean.empty() && flags.pictures.deviation.empty()) return;
  throw Error(Exit::kUsage,
              flags.calibrate + ": --mean and --std are for pictures, " + why,
              "leave them out");
}

CalibrationData random_calibration(const Graph& graph,
                                   const QuantizeFlags& flags) {
  refuse_normalization(flags, "not for random inputs");
  const uint64_t seed = random_seed_of(flags.calibrate);
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
      read_file(flags.calibrate, files::kData));
  const int64_t one = input_file_bytes(graph);
  const auto all = static_cast<int64_t>(bytes->size());
  if (all == 0 || all % one != 0) {
    throw Error(Exit::kUsage, flags.calibrate + ": " + format_count(all) +
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

CalibrationData data_calibration(const Graph& graph, const QuantizeFlags& flags,
                                 const InputOptions& pictures) {
  CalibrationData c;
  c.data = open_dataset(graph, flags.calibrate, flags.which);
  c.taken = c.data->note(graph);
  std::vector<int> labels;
  for (int64_t i = 0; i < c.data->size(); ++i) {
    labels.push_back(c.data->label(i));
  }
  const std::vector<int64_t> items = pick_items(labels, flags.frames);
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

CalibrationData open_calibration(const Graph& graph, const QuantizeFlags& flags,
                                 const InputOptions& pictures) {
  namespace fs = std::filesystem;
  if (is_random_input(flags.calibrate)) {
    return random_calibration(graph, flags);
  }
  const fs::path path = flags.calibrate;
  if (path.extension() == ".bin" && fs::is_regular_file(path)) {
    return raw_calibration(graph, flags);
  }
  return data_calibration(graph, flags, pictures);
}

}  // namespace shoal
