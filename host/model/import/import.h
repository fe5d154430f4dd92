// Model file -> Graph. The file is hostile until every check here has passed.
//
// A .tflite file becomes an int8 graph, or a float one if it computes in
// float32 throughout (graph.h, is_float). Weights of half precision count as
// float32: the DEQUANTIZE behind them is not an operator of the graph. So do
// weights of bytes in such a model (dynamic range), in the values they stand
// for; nothing rounds its activations.
//
// A TFLite_Detection_PostProcess that ends a file is no operator of the graph,
// which then has as outputs what it reads; what it says comes beside.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "host/model/graph/detection.h"
#include "host/model/graph/graph.h"
#include "host/model/graph/import_options.h"

namespace shoal {

// Throws Error: kCorrupt for what is no legal model (with the layer and the
// reason), kUnsupported with all unsupported operators at once.
// kUsage if the options name what is not there.
Graph import_tflite(std::span<const uint8_t> file, const std::string& name,
                    const ImportOptions& = {},
                    std::optional<DetectionOp>* = nullptr);

// Loads the argument MODEL of a command: a .tflite or .onnx file, told by its
// bytes and only then by its name, or a network of the zoo ("zoo:vgg16").
// Throws kUsage if there is none.
Graph load_model(const std::string& model, const ImportOptions& = {});
// The same, with what is no part of the graph.
enum class ModelFormat : uint8_t { kTflite, kOnnx, kZoo };
struct LoadedModel {
  Graph graph;
  ModelFormat format = ModelFormat::kTflite;
  std::optional<DetectionOp> detection = {};
};
LoadedModel load_whole_model(const std::string& model,
                             const ImportOptions& = {});

}  // namespace shoal
