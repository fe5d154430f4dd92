// Detectors whose boxes an exported board reads itself (device/decode).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/engine/common/prepare.h"
#include "host/model/graph/detection.h"
#include "host/model/graph/graph.h"

namespace shoal {

// The head of a detector and its outputs, as the node gives them.
struct BoxOutputs {
  struct Output {
    Shape shape;
    uint32_t bytes = 0;
    float scale = 1;
    int zero = 0;
  };
  std::string head;           // "cells", "yolox", ...; empty: no such network
  int width = 0, height = 0;  // of the input in pixels
  std::vector<Output> outputs;
  std::shared_ptr<const DetectionOp> detection;  // of "ssd"

  bool any() const { return !head.empty(); }
  // Returns the bytes of RAM that its application has beside the arena.
  uint32_t bytes() const;
};

// Returns the boxes that the outputs have by the head that fits them; none if
// boards do not know the head, or if the node's bytes are not the values of the
// file one after another.
// `detection`: what the file has behind its outputs; may be null.
BoxOutputs box_outputs(const Graph&, const Net&,
                       std::shared_ptr<const DetectionOp> detection);

// Returns a header with the class `shoal_app::Boxes`, which collects the
// outputs and finds their boxes.
std::string box_header(const BoxOutputs&, const std::string& model);

}  // namespace shoal
