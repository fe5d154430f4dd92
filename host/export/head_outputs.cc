#include "host/export/head_outputs.h"

#include <algorithm>
#include <optional>
#include <random>
#include <set>

#include "device/decode/boxes.h"
#include "device/decode/mask.h"
#include "device/decode/values.h"
#include "host/data/task/heads.h"
#include "host/engine/common/frame.h"

namespace shoal {
namespace {

constexpr uint32_t kBoxBytes = sizeof(DetectedBox);
constexpr int kMostClasses = 256;  // of a mask, which has a byte for each place

// Returns whether each value of the file is (byte - zero) * scale of the node's
// byte at the same place: tried with random bytes.
bool are_plain(const Graph& graph, const Net& net, const HeadOutputs& head) {
  std::mt19937 random(1);
  NodeRows rows;
  for (const HeadOutputs::Output& o : head.outputs) {
    std::vector<uint8_t>& bytes = rows.emplace_back(o.bytes);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  }
  const std::vector<RealOutput> real =
      real_outputs(graph, file_outputs(graph, net, rows));
  for (size_t o = 0; o < real.size(); ++o) {
    const HeadOutputs::Output& of = head.outputs[o];
    const Values values{rows[o].data(), of.bytes, false, of.scale, of.zero};
    if (real[o].v.size() != of.bytes) return false;
    for (uint32_t i = 0; i < of.bytes; ++i) {
      if (values[i] != real[o].v[i]) return false;
    }
  }
  return true;
}

// Returns the output as the node gives it; none unless its values are bytes.
std::optional<HeadOutputs::Output> output_of(const Graph& graph,
                                             const NetIo& io) {
  const Tensor& t = graph.tensors[static_cast<size_t>(io.file_tensor)];
  const auto count = static_cast<uint32_t>(element_count(t.shape));
  if (node_bytes(graph, io) != 1) return std::nullopt;
  switch (io.conversion) {
    case Conversion::kQuantize:
      return HeadOutputs::Output{t.shape, count, io.scale, io.zero};
    case Conversion::kNone:
    case Conversion::kFlip:
      return HeadOutputs::Output{t.shape, count, t.scale(), t.zero()};
    case Conversion::kNumber:
      return HeadOutputs::Output{t.shape, count, 1, 0};
    default:
      return std::nullopt;
  }
}

// Outputs that a file joins and rescales, and several classes of one box, are
// not read on boards.
bool boards_know(const DetectionOp& op) {
  return op.boxes.scale == 0 && op.scores.scale == 0 &&
         (op.regular || op.classes_per_box == 1);
}

bool boards_read(const HeadOutputs& head) {
  static const std::set<std::string> known = {
      "blazeface",   "cells",      "heatmaps", "landmarks", "landmarks2d",
      "landmarks3d", "mask",       "movenet",  "posenet",   "yolov3",
      "yolov5",      "yolov5maps", "yolov8",   "yolox",     "ssd"};
  if (!known.contains(head.head)) return false;
  // A grid of one cell is a vector of classes.
  const Shape& first = head.outputs[0].shape;
  if (head.head == "cells") return first[1] * first[2] > 1;
  if (head.head == "ssd") return boards_know(*head.detection);
  return head.head != "mask" || mask_classes(head).classes <= kMostClasses;
}

void choose_outputs(HeadOutputs& head) {
  const HeadInput in{head.width, head.height};
  std::set<size_t> read;
  if (head.head.starts_with("landmarks")) {
    const std::vector<size_t> all = landmarks_of(head.shapes());
    read.insert(all.begin(), all.end());
  }
  if (head.head == "heatmaps") read = {0};
  if (head.head == "posenet") {
    const PoseMaps maps = *pose_maps(head.shapes(), in);
    read = {maps.heat_output, maps.moves_output};
  }
  if (read.empty()) return;
  for (size_t o = 0; o < head.outputs.size(); ++o) {
    head.outputs[o].is_read = read.contains(o);
  }
}

}  // namespace

MaskClasses mask_classes(const HeadOutputs& head) {
  const HeadOutputs::Output& of = head.outputs[0];
  const ValueMap map = *map_of(of.shape, {head.width, head.height});
  MaskClasses mask{of.bytes / static_cast<uint32_t>(map.channels), map.channels,
                   map.planes};
  if (map.channels > 1) return mask;
  mask.classes = 2;  // of a probability
  for (int byte = -128; byte < 128; ++byte) {
    const auto value = static_cast<int8_t>(byte);
    const Values one{&value, 1, false, of.scale, of.zero};
    mask.classes = std::max(mask.classes, ClassValues(one).at(0) + 1);
  }
  return mask;
}

std::vector<Shape> HeadOutputs::shapes() const {
  std::vector<Shape> all;
  for (const Output& o : outputs) all.push_back(o.shape);
  return all;
}

uint32_t HeadOutputs::bytes() const {
  if (!any()) return 0;
  uint32_t all = 0;
  for (const Output& o : outputs) all += o.is_read ? o.bytes : 0;
  if (head == "mask") {
    const MaskClasses mask = mask_classes(*this);
    return mask.planes ? 2 * mask.places : mask.places + 1;
  }
  if (head != "cells") return all;
  const Shape& s = outputs[0].shape;
  return all + static_cast<uint32_t>(s[1] * s[2]) + kMostThings * kBoxBytes;
}

HeadOutputs head_outputs(const Graph& graph, const Net& net,
                         const HeadWish& wish) {
  const HeadUse use = choose_head(graph, wish);
  HeadOutputs head;
  head.head = head_name(use);
  head.task = head_task(use);
  head.width = use.width;
  head.height = use.height;
  head.overlap = use.head->overlap;
  head.numbers = use.head->numbers;
  if (head.head == "ssd") head.detection = use.detection;
  for (const NetIo& io : net.outputs) {
    const auto output = output_of(graph, io);
    if (!output) return {};
    head.outputs.push_back(*output);
  }
  if (head.outputs.size() != graph.outputs.size()) return {};
  if (!boards_read(head) || !are_plain(graph, net, head)) return {};
  choose_outputs(head);
  return head;
}

}  // namespace shoal
