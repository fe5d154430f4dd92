#include <CLI/CLI.hpp>

#include "host/cli/flags.h"
#include "host/cli/model_verbs.h"

namespace shoal {
namespace {

void add_calibration(CLI::App* verb, QuantizeFlags& f) {
  verb->add_option("--calibrate", f.calibrate,
                   "Pictures, .npy, .csv, .wav, .bin, NAME=FILE, random:SEED")
      ->required();
  verb->add_option("--which", f.which,
                   "Pair of IDX files to use, such as train");
  verb->add_option("--frames", f.frames,
                   "Most frames to use, spread evenly over the classes")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  add_picture_flags(verb, f.pictures);
}

void add_method(CLI::App* verb, QuantizeFlags& f) {
  verb->add_option("--activations", f.activations,
                   "Type of values between layers: int8 or int16")
      ->capture_default_str();
  verb->add_option("--ranges", f.ranges,
                   "Activation ranges: mse, minmax or percentile")
      ->capture_default_str();
  verb->add_option("--percentile", f.percentile,
                   "Share of the values inside the range [99.99]")
      ->check(real_range(50, 100));
  verb->add_flag("--no-bias-correction", f.no_bias_correction,
                 "Keep the float model's biases");
  verb->add_option("--equalize", f.equalize,
                   "Move channel scales between layers: on, off or auto")
      ->capture_default_str();
  verb->add_flag("--stream", f.stream,
                 "States of loops carry over; frames are one sequence");
  verb->add_option("--carry", f.carry,
                   "OUT of a frame is IN of the next one; repeatable");
  verb->add_option("--min-snr", f.min_snr,
                   "Exit with 5 if an output or a layer is below [no limit]")
      ->check(real_range(-100, 200));
}

void add_accuracy(CLI::App* verb, QuantizeFlags& f) {
  verb->add_option("--evaluate", f.evaluate,
                   "Labelled data for the accuracy [that of --calibrate]");
  verb->add_option("--evaluate-which", f.evaluate_which,
                   "Pair of IDX files of --evaluate");
  verb->add_option("--evaluate-limit", f.evaluate_limit,
                   "Most frames for the accuracy, spread evenly")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  verb->add_option("--labels", f.labels,
                   "Labels of the model's outputs, one a line");
  verb->add_option("--label-offset", f.label_offset,
                   "Class c of the data is output c + N [0]")
      ->check(CLI::Range(-65535, 65535));
}

}  // namespace

void add_quantize(CLI::App& app, QuantizeFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "quantize", "Make an int8 model of a float one",
      "shoal quantize model.onnx --calibrate pictures/\n"
      "  shoal quantize model.onnx --calibrate idx/ --mean 127.5 --std 127.5\n"
      "  shoal quantize model.tflite --calibrate frames.bin -o small.tflite\n"
      "  mpirun -n 16 shoal quantize --mpi model.onnx --calibrate pictures/");
  verb->add_option("MODEL", f.model, "Float model, .onnx or .tflite")
      ->required();
  add_ends(verb, f.ends);
  add_calibration(verb, f);
  verb->add_option("-o,--output", f.output,
                   "File of the quantized model [MODEL_int8.tflite]");
  add_method(verb, f);
  add_accuracy(verb, f);
  add_mpi(verb, f.mpi, f.node_timeout);
  add_json(verb, f.json);
  verb->callback([&] { code = quantize_command(f); });
}

}  // namespace shoal
