#include <CLI/CLI.hpp>

#include "host/cli/flags.h"
#include "host/cli/model_verbs.h"

namespace shoal {
namespace {

void add_calibration(CLI::App* verb, QuantizeFlags& f) {
  verb->add_option("--calibrate", f.calibrate,
                   "pictures like those that will come: a folder of them, one "
                   "for each class, or IDX files; .bin files of float32 "
                   "values, one or several frames; random:SEED if there is "
                   "nothing else")
      ->required();
  verb->add_option("--which", f.which,
                   "of several pairs of IDX files in a folder, such as train");
  verb->add_option("--frames", f.frames,
                   "so many at most, spread evenly over classes and data")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  add_picture_flags(verb, f.pictures);
}

void add_method(CLI::App* verb, QuantizeFlags& f) {
  verb->add_option("--ranges", f.ranges,
                   "of activations: mse (least squared error), minmax or "
                   "percentile")
      ->capture_default_str();
  verb->add_option("--percentile", f.percentile,
                   "of values inside the range (99.99)")
      ->check(real_range(50, 100));
  verb->add_flag("--no-bias-correction", f.no_bias_correction,
                 "biases stay the float model's");
  verb->add_option(
          "--equalize", f.equalize,
          "scales of channels move between layers: on, off or auto (if "
          "it lowers the error)")
      ->capture_default_str();
}

void add_accuracy(CLI::App* verb, QuantizeFlags& f) {
  verb->add_option("--evaluate", f.evaluate,
                   "labelled data for the accuracy before and after (those of "
                   "--calibrate, if they have labels)");
  verb->add_option("--evaluate-which", f.evaluate_which,
                   "--which of --evaluate");
  verb->add_option("--evaluate-limit", f.evaluate_limit,
                   "only so many frames for the accuracy, spread evenly (all "
                   "of --evaluate; as many as --frames of --calibrate)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  verb->add_option("--labels", f.labels,
                   "one label a line, of the model's outputs in order");
  verb->add_option("--label-offset", f.label_offset,
                   "class c of the data is output c + this (0)")
      ->check(CLI::Range(-65535, 65535));
}

}  // namespace

void add_quantize(CLI::App& app, QuantizeFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "quantize", "Make an int8 model of a float one",
      "shoal quantize model.onnx --calibrate pictures/\n"
      "  shoal quantize model.onnx --calibrate idx/ --which train --mean 127.5 "
      "--std 127.5\n"
      "  shoal quantize model.tflite --calibrate frames.bin -o small.tflite\n"
      "  mpirun -n 16 shoal quantize --mpi model.onnx --calibrate pictures/");
  verb->add_option("MODEL", f.model, "float model, .onnx or .tflite")
      ->required();
  add_ends(verb, f.ends);
  add_calibration(verb, f);
  verb->add_option("-o,--output", f.output,
                   "the int8 model (MODEL_int8.tflite in this folder)");
  add_method(verb, f);
  add_accuracy(verb, f);
  add_mpi(verb, f.mpi, f.node_timeout);
  add_json(verb, f.json);
  verb->callback([&] { code = quantize_command(f); });
}

}  // namespace shoal
