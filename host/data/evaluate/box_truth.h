// Which boxes are right, from files that people have: a COCO instances file, or
// text files of YOLO's form beside the pictures. All of it is from outside:
// whatever is wrong is named with its place.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset/dataset.h"
#include "host/data/evaluate/precision.h"

namespace shoal {

struct BoxTruth {
  struct Item {
    int64_t id = 0;             // COCO's
    int width = 0, height = 0;  // of the picture; 0: not said
    std::vector<TruthBox> boxes;
  };
  std::vector<Item> items;  // by item of the data
  bool parts = false;       // coordinates are parts of the picture
  // COCO's categories, in the order of their numbers; none: not known.
  std::vector<std::string> names;
  std::vector<int64_t> ids;
  std::vector<std::string> notes;  // what a person should know
};

// Reads the annotations of every item, found by its file's name. Throws Error:
// kCorrupt for what is no such file, kUsage for items that it does not know.
BoxTruth parse_coco(std::string_view text, const std::string& name,
                    const Dataset&);
BoxTruth read_coco(const std::string& path, const Dataset&);

// Lines `class x y width height`, in parts of the picture, of centre and size.
std::vector<TruthBox> parse_yolo(std::span<const uint8_t> text,
                                 const std::string& name);
// Reads the files of the pictures in `folder`: NAME.txt in `labels`, or if that
// is empty beside the picture, in labels/ beside it, or in labels where images
// stands. Without a file there is nothing on a picture.
BoxTruth read_yolo(const std::string& folder, const std::string& labels,
                   const Dataset&);

// Renumbers the boxes: class c of the truth is class c + `offset` of the model,
// or the label that has its name. Throws Error(kUsage).
void match_box_classes(BoxTruth&, const std::vector<std::string>& labels,
                       int offset);

}  // namespace shoal
