#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/input/array_input.h"
#include "host/data/input/stacks.h"

namespace shoal {
namespace {

constexpr int64_t kMostChannels = 8;

// Returns whether the model takes the flat input for a map of features, which
// it gives rows and columns first.
bool is_flat_map(const Graph& graph, int input) {
  std::set<int> flat = {input};
  for (const Op& op : graph.ops) {
    if (!flat.contains(op.inputs[0])) continue;
    const int to = op.outputs[0];
    if (op.kind == OpKind::kQuantize) flat.insert(to);
    if (op.kind != OpKind::kReshape) continue;
    if (axes_above_one(graph.tensors[static_cast<size_t>(to)].shape).size() >
        1) {
      return true;
    }
    flat.insert(to);
  }
  return false;
}

// "0.98 s".
std::string seconds(int64_t samples, int64_t rate) {
  char text[40];
  std::snprintf(text, sizeof text, "%.3g s",
                static_cast<double>(samples) / static_cast<double>(rate));
  return text;
}

class SoundFrames {
 public:
  SoundFrames(const Graph& graph, const Tensor& input, const Sound& sound,
              const std::string& name)
      : graph_(graph),
        input_(input),
        sound_(sound),
        name_(printable(name)),
        axes_(axes_above_one(input.shape)),
        moments_(static_cast<int64_t>(sound.samples.size()) / sound.channels) {}

  Stack read() const;

 private:
  int64_t channels() const { return axes_.size() == 2 ? axes_[1] : 1; }
  void check() const;
  std::vector<float> mixed() const;
  std::string note(int64_t frames) const;

  const Graph& graph_;
  const Tensor& input_;
  const Sound& sound_;
  const std::string name_;
  const std::vector<int64_t> axes_;
  const int64_t moments_;  // samples of a channel
};

void SoundFrames::check() const {
  const bool waveform = axes_.size() == 1
                            ? !is_flat_map(graph_, graph_.inputs[0])
                            : axes_.size() == 2 && axes_[1] <= kMostChannels;
  if (!waveform) {
    throw Error(Exit::kUsage,
                name_ + ": shoal computes no features of sound, and input '" +
                    printable(input_.name) + "' (" + axes_text(input_.shape) +
                    ") is not a waveform",
                "give what the model's front end makes of it (a spectrogram, "
                "MFCC) as .bin, .npy or .csv");
  }
  if (channels() != 1 && channels() != sound_.channels) {
    throw Error(Exit::kUsage,
                name_ + ": sound of " + std::to_string(sound_.channels) +
                    (sound_.channels == 1 ? " channel" : " channels") +
                    ", input '" + printable(input_.name) + "' has " +
                    std::to_string(channels()),
                "give a file with as many channels");
  }
  if (moments_ == 0) {
    throw Error(Exit::kUsage, name_ + ": the sound has no samples");
  }
}

// The samples, of one channel if the input has one.
std::vector<float> SoundFrames::mixed() const {
  if (channels() == sound_.channels) return sound_.samples;
  std::vector<float> mono(static_cast<size_t>(moments_));
  const auto channels = static_cast<size_t>(sound_.channels);
  for (size_t i = 0; i < mono.size(); ++i) {
    double sum = 0;
    for (size_t c = 0; c < channels; ++c) {
      sum += static_cast<double>(sound_.samples[i * channels + c]);
    }
    mono[i] = static_cast<float>(sum / sound_.channels);
  }
  return mono;
}

std::string SoundFrames::note(int64_t frames) const {
  const int64_t length = axes_[0];
  std::string text =
      name_ + ": " + format_count(sound_.rate) + " Hz, " + sound_.coding + ", ";
  if (sound_.channels == 1) {
    text += "mono";
  } else {
    text += std::to_string(sound_.channels) + " channels" +
            (channels() == 1 ? " mixed down to one" : "");
  }
  text += ", " + seconds(moments_, sound_.rate) + ": " + format_count(frames) +
          (frames == 1 ? " frame of " : " frames of ") + format_count(length) +
          " samples (" + seconds(length, sound_.rate) + ")";
  if (moments_ < length) {
    text += ", the last " + format_count(length - moments_) + " silence";
  } else if (moments_ > frames * length) {
    text += ", the last " + format_count(moments_ - frames * length) +
            " of the file left out";
  }
  return text + "; samples are -1 to 1, at the file's rate";
}

Stack SoundFrames::read() const {
  check();
  std::vector<float> samples = mixed();
  const int64_t length = axes_[0];
  Stack stack;
  stack.count = std::max<int64_t>(1, moments_ / length);
  stack.note = note(stack.count);
  samples.resize(static_cast<size_t>(stack.count * length * channels()), 0.f);
  Array a{"f4", {stack.count}, {}};
  a.shape.insert(a.shape.end(), input_.shape.begin(), input_.shape.end());
  a.bytes.resize(samples.size() * sizeof(float));
  std::memcpy(a.bytes.data(), samples.data(), a.bytes.size());
  stack.inputs.push_back(std::move(a));
  return stack;
}

}  // namespace

Stack stack_of_sound(const Graph& graph, const Sound& sound,
                     const std::string& name) {
  const Tensor& input = only_input_for(graph, name, "sound");
  return SoundFrames(graph, input, sound, name).read();
}

}  // namespace shoal
