// The heads that there are, each with the outputs that it fits.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "device/decode/anchor_maps.h"
#include "device/decode/point_anchors.h"
#include "device/decode/points.h"
#include "host/data/task/task.h"

namespace shoal {

struct HeadInput {
  int width = 0, height = 0;               // of the picture; 0: no picture
  const DetectionOp* detection = nullptr;  // behind the network
  std::vector<float> anchors = {};         // --anchors
  bool guessing = false;                   // no head was named
  int numbers = 0;  // of a landmark; 0: the head does not say
};

struct Head {
  const char* name;
  Task task;
  const char* outputs;  // for people
  bool guessed;         // else for those who ask for it
  bool (*fits)(const std::vector<Shape>& outputs, const HeadInput&);
  // Null: the outputs speak for themselves.
  HeadFindings (*read)(const std::vector<RealOutput>&, const HeadInput&,
                       const HeadOptions&);
  // The overlap of two boxes of one thing, if the user does not say; 0: the
  // head itself keeps only one of them, others give all boxes.
  float overlap = 0.45f;
  int numbers = 0;  // as in HeadInput
};

// ssd.cc: what TFLite_Detection_PostProcess makes of its operands.
bool fits_ssd(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_ssd(const std::vector<RealOutput>&, const HeadInput&,
                      const HeadOptions&);

// blazeface.cc: boxes with points around the anchors of MediaPipe's detectors.
// Which outputs have the boxes and the scores, in the order of their grids.
struct PointAnchorLayout {
  std::vector<PointAnchorGrid> grids;
  std::vector<size_t> boxes, scores;
  int values = 0;  // of a box
};
std::optional<PointAnchorLayout> point_anchor_layout(const std::vector<Shape>&,
                                                     const HeadInput&);
bool fits_blazeface(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_blazeface(const std::vector<RealOutput>&, const HeadInput&,
                            const HeadOptions&);

// yolo_maps.cc: maps of anchors, as YOLO networks have them before their boxes
// are decoded: YOLOv2 (one map), those up to YOLOv4, and YOLOv5 and later.
// Which map an output is.
struct OutputMap {
  AnchorMap map;  // its values are not set
  size_t output = 0;
};
// Returns the maps, the finest first; none: these are other outputs. The
// anchors are those of the HeadInput, or constants.
std::vector<OutputMap> anchor_maps(const std::vector<Shape>&, const HeadInput&);
bool fits_yolov2_map(const std::vector<Shape>&, const HeadInput&);
bool fits_yolov3_maps(const std::vector<Shape>&, const HeadInput&);
bool fits_yolov5_maps(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_yolov2_map(const std::vector<RealOutput>&, const HeadInput&,
                             const HeadOptions&);
HeadFindings read_yolov3_maps(const std::vector<RealOutput>&, const HeadInput&,
                              const HeadOptions&);
HeadFindings read_yolov5_maps(const std::vector<RealOutput>&, const HeadInput&,
                              const HeadOptions&);
// Returns those that stand for anchors that the user did not give, as --anchors
// has them; empty: he did.
std::string assumed_anchors(size_t maps, const HeadInput&);

// yolo.cc: rows of box and scores from grids of 8, 16 and 32 pixels, by
// Ultralytics (v5: one or several anchors; v8 and later) and Megvii (YOLOX).
bool fits_yolo_v5(const std::vector<Shape>&, const HeadInput&);
bool fits_yolo_v8(const std::vector<Shape>&, const HeadInput&);
bool fits_yolox(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_yolo_v5(const std::vector<RealOutput>&, const HeadInput&,
                          const HeadOptions&);
HeadFindings read_yolo_v8(const std::vector<RealOutput>&, const HeadInput&,
                          const HeadOptions&);
HeadFindings read_yolox(const std::vector<RealOutput>&, const HeadInput&,
                        const HeadOptions&);

// cells.cc: scores of classes for every cell of a grid, of which class 0 is the
// background (FOMO): cells that touch are one thing.
bool fits_cells(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_cells(const std::vector<RealOutput>&, const HeadInput&,
                        const HeadOptions&);

// places.cc: the class of every place (or its scores), and points.
// Returns the map that an output is, without its values; none: it is no map.
std::optional<ValueMap> map_of(const Shape&, const HeadInput&);
struct PoseMaps {
  ValueMap heat, moves;
  size_t heat_output = 0, moves_output = 0;
};
std::optional<PoseMaps> pose_maps(const std::vector<Shape>&, const HeadInput&);
// Returns the outputs whose values may be landmarks: those with the most.
std::vector<size_t> landmarks_of(const std::vector<Shape>&);
// Returns how many numbers each of an output's points has: as many as `asked`,
// or, if that is 0, as its shape or a known set of points has. None: it has no
// such points.
std::optional<int> landmark_numbers(const Shape& output, int asked);
bool fits_mask(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_mask(const std::vector<RealOutput>&, const HeadInput&,
                       const HeadOptions&);
bool fits_movenet(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_movenet(const std::vector<RealOutput>&, const HeadInput&,
                          const HeadOptions&);
// Heat maps of a body's points and how far each lies from its peak's place
// (PoseNet), of one body.
bool fits_posenet(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_posenet(const std::vector<RealOutput>&, const HeadInput&,
                          const HeadOptions&);
bool fits_heatmaps(const std::vector<Shape>&, const HeadInput&);
// The key points of a body as COCO counts them.
bool fits_body_heatmaps(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_heatmaps(const std::vector<RealOutput>&, const HeadInput&,
                           const HeadOptions&);
// Lists of numbers, and rows of a point each, too.
bool fits_landmarks(const std::vector<Shape>&, const HeadInput&);
bool fits_landmark_rows(const std::vector<Shape>&, const HeadInput&);
// The key points of faces and hands that data sets and MediaPipe count.
bool fits_known_landmarks(const std::vector<Shape>&, const HeadInput&);
HeadFindings read_landmarks(const std::vector<RealOutput>&, const HeadInput&,
                            const HeadOptions&);

}  // namespace shoal
