// The heads that there are, each with the outputs that it fits.
#pragma once

#include "host/data/task/task.h"

namespace shoal {

struct HeadInput {
  int width = 0, height = 0;  // of the picture; 0: the input is none
};

struct Head {
  const char* name;
  Task task;
  const char* outputs;  // for people
  bool guessed;         // else for those who ask for it
  bool (*fits)(const std::vector<Shape>& outputs, const HeadInput&);
  // Null: the outputs speak for themselves. Of boxes all; they are thinned out
  // afterwards.
  Findings (*read)(const std::vector<RealOutput>&, const HeadInput&,
                   const HeadOptions&);
};

// yolo.cc: rows of box and scores from grids of 8, 16 and 32 pixels, by
// Ultralytics (v5: one or several anchors; v8 and later) and Megvii (YOLOX).
bool fits_yolo_v5(const std::vector<Shape>&, const HeadInput&);
bool fits_yolo_v8(const std::vector<Shape>&, const HeadInput&);
bool fits_yolox(const std::vector<Shape>&, const HeadInput&);
Findings read_yolo_v5(const std::vector<RealOutput>&, const HeadInput&,
                      const HeadOptions&);
Findings read_yolo_v8(const std::vector<RealOutput>&, const HeadInput&,
                      const HeadOptions&);
Findings read_yolox(const std::vector<RealOutput>&, const HeadInput&,
                    const HeadOptions&);

// cells.cc: scores of classes for every cell of a grid, of which class 0 is the
// background (FOMO): cells that touch are one thing.
bool fits_cells(const std::vector<Shape>&, const HeadInput&);
Findings read_cells(const std::vector<RealOutput>&, const HeadInput&,
                    const HeadOptions&);

// places.cc: the class of every place (or its scores), and points.
bool fits_mask(const std::vector<Shape>&, const HeadInput&);
Findings read_mask(const std::vector<RealOutput>&, const HeadInput&,
                   const HeadOptions&);
bool fits_movenet(const std::vector<Shape>&, const HeadInput&);
Findings read_movenet(const std::vector<RealOutput>&, const HeadInput&,
                      const HeadOptions&);
bool fits_heatmaps(const std::vector<Shape>&, const HeadInput&);
Findings read_heatmaps(const std::vector<RealOutput>&, const HeadInput&,
                       const HeadOptions&);
bool fits_landmarks(const std::vector<Shape>&, const HeadInput&);
Findings read_landmarks(const std::vector<RealOutput>&, const HeadInput&,
                        const HeadOptions&);

}  // namespace shoal
