
// The header with which an application reads outputs.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "device/decode/yolo.h"
#include "host/base/printable.h"
#include "host/data/task/heads.h"
#include "host/export/head_outputs.h"
#include "host/export/project.h"

namespace shoal {
namespace {

std::string number(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9ef", static_cast<double>(value));
  return text;
}

// {bytes_ + 40, 20, false, 0.25f, -3}
std::string values_text(const HeadOutputs::Output& o, uint32_t at) {
  return "{bytes_ + " + std::to_string(at) + ", " + std::to_string(o.bytes) +
         ", false, " + number(o.scale) + ", " + std::to_string(o.zero) + "}";
}

bool has_maps(const std::string& head) {
  return head == "yolov3" || head == "yolov5maps";
}

uint32_t rows_of(const HeadOutputs& b) {
  const uint32_t cells = yolo_cells(b.width, b.height);
  return b.head == "yolov5" ? 3 * cells : cells;
}

// Returns where the output begins among those that are read.
uint32_t place_of(const HeadOutputs& b, size_t output) {
  uint32_t at = 0;
  for (size_t o = 0; o < output; ++o) {
    at += b.outputs[o].is_read ? b.outputs[o].bytes : 0;
  }
  return at;
}

std::string values_text(const HeadOutputs& b, size_t output) {
  return values_text(b.outputs[output], place_of(b, output));
}

std::string parts_text(const HeadOutputs& b) {
  const uint32_t rows = rows_of(b);
  std::string text;
  uint32_t at = 0;
  for (const HeadOutputs::Output& o : b.outputs) {
    text += (text.empty() ? "{" : ",\n        {") + values_text(o, at) + ", " +
            std::to_string(o.bytes / rows) +
            (is_turned(o.shape, rows) ? ", true}" : ", false}");
    at += o.bytes;
  }
  return text;
}

// Makes `all` of a table of rows.
std::string rows_text(const HeadOutputs& b) {
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
std::string maps_text(const HeadOutputs& b) {
  static const char* const orders[] = {"kCells", "kPlanes", "kOutermost"};
  const std::vector<OutputMap> all =
      anchor_maps(b.shapes(), {b.width, b.height});
  std::string sizes, maps;
  int first = 0;
  for (const OutputMap& m : all) {
    for (int i = 0; i < 2 * m.map.anchors; ++i) {
      sizes += (sizes.empty() ? "" : ", ") + number(m.map.sizes[i]);
    }
    maps += (maps.empty() ? "" : ",\n") +
            ("        {" + values_text(b, m.output)) +
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

std::string values_text(const HeadOutputs& b, const DetectionOperand& x) {
  return values_text(b, static_cast<size_t>(x.parts[0].output));
}

// Makes `all` of MediaPipe's anchors, for boxes with points.
std::string point_anchors_text(const HeadOutputs& b,
                               const PointAnchorLayout& layout) {
  std::string grids, parts;
  for (const PointAnchorGrid& g : layout.grids) {
    grids += (grids.empty() ? "{" : ", {") + std::to_string(g.stride) + ", " +
             std::to_string(g.anchors) + "}";
  }
  for (size_t p = 0; p < layout.boxes.size(); ++p) {
    parts += (parts.empty() ? "" : ",\n") +
             ("        {" + values_text(b, layout.boxes[p])) + ",\n         " +
             values_text(b, layout.scores[p]) + "}";
  }
  return "    static constexpr shoal::PointAnchorGrid grids[] = {" + grids +
         "};\n    const shoal::PointAnchorPart parts[] = {\n" + parts +
         "};\n    const shoal::PointAnchorBoxes all(grids, " +
         std::to_string(layout.grids.size()) + ", parts, " +
         std::to_string(layout.boxes.size()) + ", " + std::to_string(b.width) +
         ", " + std::to_string(b.height) + ", score);";
}

// The members of a detector whose boxes have no points.
constexpr const char* kNoPoints =
    "\n  static constexpr uint32_t kPoints = 0;  // of a box\n"
    "  shoal::FoundPoint point(const shoal::DetectedBox&, uint32_t) const {\n"
    "    return {};\n  }\n";

// The members that give the points of a box.
std::string box_points_text(const PointAnchorLayout& layout,
                            const std::string& candidates) {
  return "\n  static constexpr uint32_t kPoints = " +
         std::to_string((layout.values - 4) / 2) +
         ";\n  // Returns a point of a box that find() gave, such as an eye.\n"
         "  shoal::FoundPoint point(const shoal::DetectedBox& box, uint32_t i) "
         "const {\n    constexpr float score = 0;\n" +
         candidates + "\n    return all.point(box.candidate, i);\n  }\n";
}

std::string map_text(const HeadOutputs& b, const ValueMap& m, size_t output) {
  return "{" + values_text(b, output) + ", " + std::to_string(m.rows) + ", " +
         std::to_string(m.columns) + ", " + std::to_string(m.channels) + ", " +
         flag(m.planes) + "}";
}

// Returns the points of the outputs.
std::string points_text(const HeadOutputs& b) {
  const HeadInput in{b.width, b.height};
  const std::string size =
      ", " + std::to_string(b.width) + ", " + std::to_string(b.height) + ")";
  if (b.head == "movenet") {
    return "    return shoal::RowPoints(shoal::Values" + values_text(b, 0) +
           size + ";";
  }
  if (b.head == "heatmaps") {
    return "    return shoal::PeakPoints(shoal::ValueMap" +
           map_text(b, *map_of(b.outputs[0].shape, in), 0) + size + ";";
  }
  if (b.head == "posenet") {
    const PoseMaps maps = *pose_maps(b.shapes(), in);
    return "    return shoal::MovedPeaks(\n        shoal::ValueMap" +
           map_text(b, maps.heat, maps.heat_output) +
           ",\n        shoal::ValueMap" +
           map_text(b, maps.moves, maps.moves_output) + size + ";";
  }
  const std::vector<size_t> outputs = landmarks_of(b.shapes());
  std::string all;
  for (const size_t o : outputs) {
    const int numbers = *landmark_numbers(b.outputs[o].shape, b.numbers);
    all += (all.empty() ? "" : ",\n") +
           ("        shoal::Landmarks(shoal::Values" + values_text(b, o)) +
           ", " + std::to_string(b.width) + ", " + std::to_string(b.height) +
           ", " + std::to_string(numbers) + ")";
  }
  return "    const shoal::Landmarks all[] = {\n" + all +
         "};\n    return shoal::in_pixels(all, " +
         std::to_string(outputs.size()) + ");";
}

// Takes bytes of scores, or of the values that stand for classes.
std::string mask_text(const HeadOutputs& b, const MaskClasses& mask) {
  const HeadOutputs::Output& of = b.outputs[0];
  if (of.bytes > mask.places) {
    return "    shoal::BestClasses<int8_t, uint8_t> classes(kRows * kColumns, "
           "kClasses, " +
           flag(mask.planes) +
           ", mask.classes_, mask.best_);\n"
           "    for (uint32_t i = 0; i < bytes; ++i) {\n"
           "      classes.add(offset + i, static_cast<int8_t>(from[i]));\n    "
           "}";
  }
  return "    std::memcpy(mask.classes_ + offset, from, bytes);\n"
         "    if (offset + bytes < kBytes) return true;\n"
         "    const shoal::ClassValues classes({mask.classes_, kBytes, "
         "false, " +
         number(of.scale) + ", " + std::to_string(of.zero) +
         "});\n    for (uint32_t i = 0; i < kBytes; ++i) {\n"
         "      mask.classes_[i] = static_cast<uint8_t>(classes.at(i));\n    }";
}

HeadFiles mask_files(const HeadOutputs& b, TemplateValues v) {
  const MaskClasses mask = mask_classes(b);
  const ValueMap map = *map_of(b.outputs[0].shape, {b.width, b.height});
  v["ROWS"] = std::to_string(map.rows);
  v["COLUMNS"] = std::to_string(map.columns);
  v["CLASSES"] = std::to_string(mask.classes);
  v["BEST"] = mask.planes ? "kRows * kColumns" : "1";
  v["TAKE"] = mask_text(b, mask);
  return {"app/app_mask.cpp", "shoal_mask.h", filled("app/shoal_mask.h.in", v)};
}

std::string offsets_text(const HeadOutputs& b) {
  std::string text;
  for (size_t o = 0; o < b.outputs.size(); ++o) {
    text += (o > 0 ? ", " : "") + (b.outputs[o].is_read
                                       ? std::to_string(place_of(b, o))
                                       : std::string("kUnread"));
  }
  return text;
}

void add_cells(const HeadOutputs& b, TemplateValues& v) {
  const Shape& s = b.outputs[0].shape;
  v["VALUES"] = values_text(b, 0);
  v["ROWS"] = std::to_string(s[1]);
  v["COLUMNS"] = std::to_string(s[2]);
  v["CLASSES"] = std::to_string(s[3]);
  v["CELLS"] = std::to_string(s[1] * s[2]);
  v["MOST"] = std::to_string(kMostThings);
}

void add_candidates(const HeadOutputs& b, TemplateValues& v) {
  v["HEADER"] = has_maps(b.head) ? "anchor_maps" : "yolo";
  if (b.head != "blazeface") {
    v["CANDIDATES"] = has_maps(b.head) ? maps_text(b) : rows_text(b);
    return;
  }
  const PointAnchorLayout layout =
      *point_anchor_layout(b.shapes(), {b.width, b.height});
  v["HEADER"] = "point_anchors";
  v["CANDIDATES"] = point_anchors_text(b, layout);
  v["POINTS"] = box_points_text(layout, v["CANDIDATES"]);
}

}  // namespace

HeadFiles head_files(const HeadOutputs& b, const std::string& model) {
  TemplateValues v{{"MODEL", printable(model)},
                   {"WIDTH", std::to_string(b.width)},
                   {"HEIGHT", std::to_string(b.height)},
                   {"OFFSETS", offsets_text(b)},
                   {"BYTES", std::to_string(place_of(b, b.outputs.size()))},
                   {"OVERLAP", number(b.overlap)},
                   {"POINTS", kNoPoints}};
  if (b.task == Task::kSegment) return mask_files(b, std::move(v));
  if (b.task == Task::kPoints) {
    v["FOUND"] = points_text(b);
    return {"app/app_points.cpp", "shoal_points.h",
            filled("app/shoal_points.h.in", v)};
  }
  std::string header = "app/shoal_boxes.h.in";
  if (b.head == "cells") {
    header = "app/shoal_cells.h.in";
    add_cells(b, v);
  } else if (b.detection) {
    header = "app/shoal_ssd.h.in";
    v["SETTINGS"] = settings_text(*b.detection);
    v["ANCHORS"] = anchors_text(*b.detection);
    v["BOX_VALUES"] = values_text(b, b.detection->boxes);
    v["SCORE_VALUES"] = values_text(b, b.detection->scores);
    v["OVERLAP"] = number(b.detection->overlap);
  } else {
    add_candidates(b, v);
  }
  return {"app/app_boxes.cpp", "shoal_boxes.h", filled(header, v)};
}

}  // namespace shoal
