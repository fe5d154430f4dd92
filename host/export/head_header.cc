#include "host/export/boxes.h"

#include <cstdio>
#include <random>
#include <set>

#include "device/decode/boxes.h"
#include "device/decode/values.h"
#include "device/decode/yolo.h"
#include "host/base/printable.h"
#include "host/data/task/heads.h"
#include "host/data/task/task.h"
#include "host/engine/common/frame.h"
#include "host/export/project.h"

namespace shoal {
namespace {

// Things that touch, before the strongest are chosen.
constexpr uint32_t kMostThings = 64;
constexpr uint32_t kBoxBytes = sizeof(DetectedBox);

// Returns whether each value of the file is (byte - zero) * scale of the node's
// byte at the same place: tried with random bytes.
bool are_plain(const Graph& graph, const Net& net, const BoxOutputs& boxes) {
  std::mt19937 random(1);
  NodeRows rows;
  for (const BoxOutputs::Output& o : boxes.outputs) {
    std::vector<uint8_t>& bytes = rows.emplace_back(o.bytes);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  }
  const std::vector<RealOutput> real =
      real_outputs(graph, file_outputs(graph, net, rows));
  for (size_t o = 0; o < real.size(); ++o) {
    const BoxOutputs::Output& of = boxes.outputs[o];
    const Values values{rows[o].data(), of.bytes, false, of.scale, of.zero};
    if (real[o].v.size() != of.bytes) return false;
    for (uint32_t i = 0; i < of.bytes; ++i) {
      if (values[i] != real[o].v[i]) return false;
    }
  }
  return true;
}

std::string number(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9ef", static_cast<double>(value));
  return text;
}

// {bytes_ + 40, 20, false, 0.25f, -3}
std::string values_text(const BoxOutputs::Output& o, uint32_t at) {
  return "{bytes_ + " + std::to_string(at) + ", " + std::to_string(o.bytes) +
         ", false, " + number(o.scale) + ", " + std::to_string(o.zero) + "}";
}

bool has_maps(const std::string& head) {
  return head == "yolov3" || head == "yolov5maps";
}

uint32_t rows_of(const BoxOutputs& b) {
  const uint32_t cells = yolo_cells(b.width, b.height);
  return b.head == "yolov5" ? 3 * cells : cells;
}

uint32_t output_bytes(const BoxOutputs& b) {
  uint32_t sum = 0;
  for (const BoxOutputs::Output& o : b.outputs) sum += o.bytes;
  return sum;
}

std::string parts_text(const BoxOutputs& b) {
  const uint32_t rows = rows_of(b);
  std::string text;
  uint32_t at = 0;
  for (const BoxOutputs::Output& o : b.outputs) {
    text += (text.empty() ? "{" : ",\n        {") + values_text(o, at) + ", " +
            std::to_string(o.bytes / rows) +
            (is_turned(o.shape, rows) ? ", true}" : ", false}");
    at += o.bytes;
  }
  return text;
}

// Makes `all` of a table of rows.
std::string rows_text(const BoxOutputs& b) {
  const std::string size =
      std::to_string(b.width) + ", " + std::to_string(b.height) + ", score);";
  std::string text = "    const shoal::TablePart parts[] = {\n        " +
                     parts_text(b) + "};\n" +
                     "    const shoal::RowTable table{parts, " +
                     std::to_string(b.outputs.size()) + ", " +
                     std::to_string(rows_of(b)) + "};\n";
  if (b.head == "yolox") {
    return text + "    const shoal::YoloxBoxes all(table, " + size;
  }
  return text + "    const shoal::YoloBoxes all(table, " +
         (b.head == "yolov5" ? "true, " : "false, ") + size;
}

// Makes `all` of maps of anchors.
std::string maps_text(const BoxOutputs& b) {
  static const char* const orders[] = {"kCells", "kPlanes", "kOutermost"};
  std::vector<Shape> shapes;
  for (const BoxOutputs::Output& o : b.outputs) shapes.push_back(o.shape);
  const std::vector<OutputMap> all = anchor_maps(shapes, {b.width, b.height});
  std::string sizes, maps;
  int first = 0;
  for (const OutputMap& m : all) {
    uint32_t at = 0;
    for (size_t o = 0; o < m.output; ++o) at += b.outputs[o].bytes;
    for (int i = 0; i < 2 * m.map.anchors; ++i) {
      sizes += (sizes.empty() ? "" : ", ") + number(m.map.sizes[i]);
    }
    maps += (maps.empty() ? "" : ",\n") +
            ("        {" + values_text(b.outputs[m.output], at)) +
            ", shoal::AnchorOrder::" + orders[static_cast<size_t>(m.map.order)];
    for (const int n :
         {m.map.rows, m.map.columns, m.map.stride, m.map.anchors, m.map.each}) {
      maps += ", " + std::to_string(n);
    }
    maps += ", sizes + " + std::to_string(first) + "}";
    first += 2 * m.map.anchors;
  }
  return "    // Of the anchors, in pixels.\n    static constexpr float "
         "sizes[] = "
         "{" +
         sizes + "};\n    const shoal::AnchorMap maps[] = {\n" + maps +
         "};\n    const shoal::AnchorBoxes all(maps, " +
         std::to_string(all.size()) + ", shoal::AnchorDecoding::" +
         (b.head == "yolov3" ? "kYolo3" : "kYolo5") + ", score);";
}

// Outputs that a file joins and rescales, and several classes of one box, are
// not read on boards.
bool boards_know(const DetectionOp& op) {
  return op.boxes.scale == 0 && op.scores.scale == 0 &&
         (op.regular || op.classes_per_box == 1);
}

std::string flag(bool value) { return value ? "true" : "false"; }

std::string settings_text(const DetectionOp& op) {
  std::string text = "{";
  for (const int n : {op.candidates, op.classes, op.values}) {
    text += std::to_string(n) + ", ";
  }
  text += flag(op.background) + ", " + flag(op.regular) + ", " +
          std::to_string(op.most) + ", " + std::to_string(op.most_of_class);
  for (const float v :
       {op.score, op.y_scale, op.x_scale, op.h_scale, op.w_scale}) {
    text += ", " + number(v);
  }
  return text + ", kAnchors}";
}

std::string anchors_text(const DetectionOp& op) {
  std::string text;
  for (size_t i = 0; i < op.anchors.size(); ++i) {
    text += (i % 4 == 0 ? "\n    " : " ") + number(op.anchors[i]) + ",";
  }
  return text;
}

std::string values_text(const BoxOutputs& b, const DetectionOperand& x) {
  const auto output = static_cast<size_t>(x.parts[0].output);
  uint32_t at = 0;
  for (size_t o = 0; o < output; ++o) at += b.outputs[o].bytes;
  return values_text(b.outputs[output], at);
}

}  // namespace

uint32_t BoxOutputs::bytes() const {
  if (!any()) return 0;
  const uint32_t all = output_bytes(*this);
  if (head != "cells") return all;
  const Shape& s = outputs[0].shape;
  return all + static_cast<uint32_t>(s[1] * s[2]) + kMostThings * kBoxBytes;
}

BoxOutputs box_outputs(const Graph& graph, const Net& net,
                       std::shared_ptr<const DetectionOp> detection) {
  HeadWish wish;
  wish.detection = std::move(detection);
  const HeadUse use = choose_head(graph, wish);
  static const std::set<std::string> known = {
      "cells", "yolov3", "yolov5", "yolov5maps", "yolov8", "yolox", "ssd"};
  if (!known.contains(head_name(use))) return {};
  BoxOutputs boxes;
  for (const NetIo& io : net.outputs) {
    const Tensor& t = graph.tensors[static_cast<size_t>(io.file_tensor)];
    const bool is_real = io.conversion == Conversion::kQuantize;
    const bool is_byte = io.conversion == Conversion::kNone ||
                         io.conversion == Conversion::kFlip;
    if (node_bytes(graph, io) != 1 || !(is_real || is_byte)) return {};
    boxes.outputs.push_back(
        {t.shape, static_cast<uint32_t>(element_count(t.shape)),
         is_real ? io.scale : t.scale(), is_real ? io.zero : t.zero()});
  }
  if (boxes.outputs.size() != graph.outputs.size()) return {};
  // A grid of one cell is a vector of classes.
  const Shape& first = boxes.outputs[0].shape;
  if (head_name(use) == "cells" && first[1] * first[2] == 1) return {};
  if (head_name(use) == "ssd") {
    if (!boards_know(*use.detection)) return {};
    boxes.detection = use.detection;
  }
  boxes.head = head_name(use);
  boxes.width = use.width;
  boxes.height = use.height;
  return are_plain(graph, net, boxes) ? boxes : BoxOutputs{};
}

std::string box_header(const BoxOutputs& b, const std::string& model) {
  std::string offsets;
  uint32_t at = 0;
  for (const BoxOutputs::Output& o : b.outputs) {
    offsets += (offsets.empty() ? "" : ", ") + std::to_string(at);
    at += o.bytes;
  }
  const bool cells = b.head == "cells";
  TemplateValues v{{"MODEL", printable(model)},
                   {"WIDTH", std::to_string(b.width)},
                   {"HEIGHT", std::to_string(b.height)},
                   {"OFFSETS", offsets},
                   {"BYTES", std::to_string(at)}};
  if (cells) {
    const Shape& s = b.outputs[0].shape;
    v["VALUES"] = values_text(b.outputs[0], 0);
    v["ROWS"] = std::to_string(s[1]);
    v["COLUMNS"] = std::to_string(s[2]);
    v["CLASSES"] = std::to_string(s[3]);
    v["CELLS"] = std::to_string(s[1] * s[2]);
    v["MOST"] = std::to_string(kMostThings);
  } else if (b.detection) {
    v["SETTINGS"] = settings_text(*b.detection);
    v["ANCHORS"] = anchors_text(*b.detection);
    v["BOX_VALUES"] = values_text(b, b.detection->boxes);
    v["SCORE_VALUES"] = values_text(b, b.detection->scores);
    v["OVERLAP"] = number(b.detection->overlap);
    return filled("app/shoal_ssd.h.in", v);
  } else {
    v["CANDIDATES"] = has_maps(b.head) ? maps_text(b) : rows_text(b);
    v["HEADER"] = has_maps(b.head) ? "anchor_maps" : "yolo";
  }
  return filled(cells ? "app/shoal_cells.h.in" : "app/shoal_yolo.h.in", v);
}

}  // namespace shoal
