// Networks whose outputs an exported board reads itself (device/decode): boxes,
// points and masks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/data/task/task.h"
#include "host/engine/common/prepare.h"
#include "host/model/graph/detection.h"
#include "host/model/graph/graph.h"

namespace shoal {

// The head of a network and its outputs, as the node gives them.
struct HeadOutputs {
  struct Output {
    Shape shape;
    uint32_t bytes = 0;
    float scale = 1;
    int zero = 0;
    bool is_read = true;
  };
  std::string head;  // "cells", "yolox", ...; empty: boards read no outputs
  Task task = Task::kRaw;
  int width = 0, height = 0;  // of the input in pixels
  float overlap = 0;          // of two boxes of one thing
  int numbers = 0;            // of a landmark, that the head says; 0: none
  std::vector<Output> outputs;
  std::shared_ptr<const DetectionOp> detection;  // of "ssd"

  bool any() const { return !head.empty(); }
  std::vector<Shape> shapes() const;
  // Returns the bytes of RAM that its application has beside the arena.
  uint32_t bytes() const;
};

// Returns the head that is wanted, or that fits the outputs; none if boards do
// not know it, or if the node's bytes are not the values of the file one after
// another. Throws as choose_head().
HeadOutputs head_outputs(const Graph&, const Net&, const HeadWish&);

// The files of an application that reads such outputs.
struct HeadFiles {
  std::string application;  // the template of app.cpp
  // A header whose class collects the outputs: `shoal_app::Boxes`, `Points` or
  // `Mask`.
  std::string header_name, header;
};
HeadFiles head_files(const HeadOutputs&, const std::string& model);

// The places of a "mask", and the classes that one may have.
struct MaskClasses {
  uint32_t places = 0;
  int classes = 0;
  bool planes = false;
};
MaskClasses mask_classes(const HeadOutputs&);

// Things that touch, before the strongest are chosen.
inline constexpr uint32_t kMostThings = 64;

}  // namespace shoal
