// The int8 network on calibration frames, as the int8 oracle computes it: for
// bias correction and for the report.
#pragma once

#include "host/quantize/observe.h"

namespace shoal {

// The bytes of a frame. Inputs of known range are spread over all bytes:
// pixel - 128 of pictures, whatever the mean.
std::vector<uint8_t> frame_bytes(const Graph& int8, const QuantizeOptions&,
                                 std::span<const float> frame);

std::vector<float> dequantized(const Tensor&, std::span<const uint8_t>);

// Adds to each layer's bias what its mean output lacks, layer by layer, with
// the inputs that the corrected layers before it give. `floats` is the graph
// that `int8` was made of, `patches` its mean inputs over the same frames.
void correct_biases(const Graph& floats,
                    const std::vector<std::vector<double>>& patches,
                    const Calibration&, const std::vector<int64_t>& frames,
                    const QuantizeOptions&, Graph& int8, const FrameProgress&);

struct Noise {
  double signal = 0, noise = 0;  // sums of squares
  double snr_db() const;         // infinite without noise
};

// The outputs; of a SOFTMAX its input: steps of 1/256 say little of a thousand
// classes.
std::vector<int> judged_outputs(const Graph&);
// Returns the name of the first operator that is passed over so; empty: none.
std::string passed_over(const Graph&);

// One output or input, and its slices along each axis.
struct TensorNoise {
  struct Slice {
    Noise noise;
    float peak = 0;  // the largest magnitude
  };
  Noise noise;
  float peak = 0;
  std::vector<std::vector<Slice>> axes;  // empty: too many
};

struct Judgement {
  std::vector<Noise> tensors;        // by number in the float graph
  Noise output;                      // of the judged outputs
  Noise result;                      // of the outputs themselves
  std::vector<TensorNoise> outputs;  // in the order of judged_outputs()
  std::vector<TensorNoise> inputs;   // empty: their ranges were known
};

// `floats` as above; `original` is what the user gave (another one if scales
// have moved between layers or masks are clamped), which judges the outputs.
// `floors`: of the tensors of `floats` (masks.h).
Judgement judge(const Graph& original, const Graph& floats, const Graph& int8,
                const std::vector<float>& floors, const Calibration&,
                const std::vector<int64_t>& frames, const QuantizeOptions&,
                const FrameProgress&);

}  // namespace shoal
