#include "host/data/task/task.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "host/base/error.h"
#include "host/data/image/picture.h"
#include "host/data/task/heads.h"

namespace shoal {
namespace {

bool fits_classes(const std::vector<Shape>& outputs, const HeadInput&) {
  // A single value beside others says how sure the model is of those.
  const size_t axes = core_shape(outputs[0]).size();
  return axes == 1 || (axes == 0 && outputs.size() == 1);
}

bool fits_all(const std::vector<Shape>&, const HeadInput&) { return true; }

// In the order in which they are tried. Cells come before masks: a mask as
// coarse as 8 pixels needs --task segment.
constexpr std::array kHeads = {
    Head{"ssd", Task::kDetect,
         "what a TFLite_Detection_PostProcess of the file reads", true,
         fits_ssd, read_ssd, 0},
    Head{"blazeface", Task::kDetect,
         "1 x anchors x (4 + points) and 1 x anchors (MediaPipe)", true,
         fits_blazeface, read_blazeface, 0.3f},
    Head{"yolov2", Task::kDetect,
         "one map of 1 x H x W x anchors (5 + classes), with --anchors", true,
         fits_yolov2_map, read_yolov2_map},
    Head{"yolov3", Task::kDetect,
         "maps of 1 x H x W x anchors (5 + classes), YOLO up to v4", true,
         fits_yolov3_maps, read_yolov3_maps},
    Head{"yolov5maps", Task::kDetect, "such maps of YOLOv5 and later", true,
         fits_yolov5_maps, read_yolov5_maps},
    Head{"yolov5", Task::kDetect, "1 x 3 cells x (4 + 1 + classes)", true,
         fits_yolo_v5, read_yolo_v5},
    Head{"yolov8", Task::kDetect, "1 x (4 + classes) x cells", true,
         fits_yolo_v8, read_yolo_v8},
    Head{"yolox", Task::kDetect, "1 x cells x (4 + 1 + classes), not decoded",
         true, fits_yolox, read_yolox},
    Head{"cells", Task::kDetect,
         "1 x H/8 x W/8 x (1 + classes), class 0 is background (FOMO)", true,
         fits_cells, read_cells},
    Head{"movenet", Task::kPoints, "1 x points x (y, x, score)", true,
         fits_movenet, read_movenet},
    Head{"posenet", Task::kPoints,
         "1 x rows x columns x 17 points, and x 34 offsets", true, fits_posenet,
         read_posenet},
    Head{"heatmaps", Task::kPoints, "1 x rows x columns x 17 points, peaks",
         true, fits_body_heatmaps, read_heatmaps},
    Head{"landmarks", Task::kPoints, "as many values as known landmarks have",
         true, fits_known_landmarks, read_landmarks},
    Head{"mask", Task::kSegment, "1 x rows x columns x classes, or the class",
         true, fits_mask, read_mask},
    Head{"heatmaps", Task::kPoints, "1 x rows x columns x points, peaks", false,
         fits_heatmaps, read_heatmaps},
    Head{"classes", Task::kClassify, "1 x classes", true, fits_classes,
         nullptr},
    Head{"landmarks", Task::kPoints, "1 x (x, y, z) or (x, y) of all points",
         true, fits_landmarks, read_landmarks},
    Head{"landmarks", Task::kPoints, "1 x points x (x, y, z) or (x, y)", false,
         fits_landmark_rows, read_landmarks},
    Head{"landmarks2d", Task::kPoints, "the same, each of them x and y", false,
         fits_landmark_rows, read_landmarks, 0, 2},
    Head{"landmarks3d", Task::kPoints, "the same, each of them x, y and z",
         false, fits_landmark_rows, read_landmarks, 0, 3},
    Head{"raw", Task::kRaw, "anything", true, fits_all, nullptr},
};

constexpr std::array kTasks = {"classify", "detect", "segment", "points",
                               "raw"};

PictureSize size_of_picture(const Graph& graph) {
  try {
    return picture_size(graph);
  } catch (const Error&) {
    return {};
  }
}

std::string shapes_text(const std::vector<Shape>& shapes) {
  std::string text;
  for (const Shape& s : shapes) {
    text += text.empty() ? "" : ", ";
    for (size_t i = 0; i < s.size(); ++i) {
      text += (i > 0 ? "x" : "") + std::to_string(s[i]);
    }
  }
  return text;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return text;
}

bool takes_anchors(const Head& head) {
  return head.fits == fits_yolov2_map || head.fits == fits_yolov3_maps ||
         head.fits == fits_yolov5_maps;
}

void check_anchors(const std::vector<float>& anchors) {
  for (const float v : anchors) {
    if (v > 0 && v <= 65535) continue;
    throw Error(Exit::kUsage, "--anchors: " + std::to_string(v) +
                                  " is not a width or height in pixels");
  }
  if (anchors.size() % 2 == 0) return;
  throw Error(Exit::kUsage,
              "--anchors: " + std::to_string(anchors.size()) +
                  " numbers are not pairs of width and height",
              "give w,h,w,h,..., the finest grid first");
}

void check_number(const char* flag, float value) {
  if (!std::isnan(value)) return;
  throw Error(Exit::kUsage, std::string(flag) + ": not a number");
}

}  // namespace

const char* task_name(Task task) { return kTasks[static_cast<size_t>(task)]; }

std::optional<Task> task_of(const std::string& name) {
  const auto found = std::ranges::find(kTasks, name);
  if (found == kTasks.end()) return std::nullopt;
  return static_cast<Task>(found - kTasks.begin());
}

HeadUse choose_head(const Graph& graph, const HeadWish& wish) {
  std::vector<Shape> shapes;
  for (const int t : graph.outputs) {
    shapes.push_back(graph.tensors[static_cast<size_t>(t)].shape);
  }
  const PictureSize size = size_of_picture(graph);
  HeadUse use{nullptr,        wish.head.empty() && wish.task.empty(),
              size.width,     size.height,
              wish.detection, wish.anchors};
  HeadInput in{size.width, size.height, wish.detection.get(), wish.anchors,
               wish.head.empty()};
  check_anchors(wish.anchors);
  if (!wish.task.empty() && !task_of(wish.task)) {
    throw Error(Exit::kUsage, "--task: '" + wish.task + "' is unknown",
                "one of: classify, detect, segment, points, raw");
  }
  std::set<std::string> names;
  for (const Head& head : kHeads) {
    names.insert(head.name);
    if (!wish.head.empty() && wish.head != head.name) continue;
    if (!wish.task.empty() && *task_of(wish.task) != head.task) continue;
    if (use.guessed && !head.guessed) continue;
    in.numbers = head.numbers;
    if (!head.fits(shapes, in)) continue;
    use.head = &head;
    const bool anchored = takes_anchors(head);
    if (anchored) use.assumed = assumed_anchors(shapes.size(), in);
    if (anchored || wish.anchors.empty()) return use;
    throw Error(Exit::kUsage,
                "--anchors: head " + std::string(head.name) + " has no anchors",
                "leave it out, or --head yolov3 or yolov5maps");
  }
  const bool known = std::ranges::any_of(
      kHeads, [&](const Head& h) { return wish.head == h.name; });
  if (!wish.head.empty() && !known) {
    throw Error(Exit::kUsage, "--head: '" + wish.head + "' is unknown",
                "one of: " + joined(names));
  }
  throw Error(
      Exit::kUsage,
      (wish.head.empty() ? "--task " + wish.task : "--head " + wish.head) +
          ": the model's outputs are " + shapes_text(shapes) +
          (size.width == 0 ? ", its input is not a picture" : ""),
      "another one, or none; what heads expect:\n" + heads_text());
}

std::string head_name(const HeadUse& use) { return use.head->name; }
Task head_task(const HeadUse& use) { return use.head->task; }

std::string heads_text() {
  std::string text;
  for (const Head& h : kHeads) {
    text += text.empty() ? "" : "\n";
    std::string line = "  " + std::string(task_name(h.task));
    line.resize(12, ' ');
    line += h.name;
    line.resize(24, ' ');
    text += line + h.outputs;
  }
  return text;
}

void to_picture(const Placement& p, HeadFindings& found) {
  const auto x = [&](float& v) {
    v = static_cast<float>(p.left + static_cast<double>(v) * p.columns);
  };
  const auto y = [&](float& v) {
    v = static_cast<float>(p.top + static_cast<double>(v) * p.rows);
  };
  for (Detection& b : found.boxes) {
    x(b.left), x(b.right), y(b.top), y(b.bottom);
    for (ImagePoint& point : b.points) x(point.x), y(point.y);
  }
  for (KeyPoint& point : found.points) x(point.x), y(point.y);
}

HeadFindings read_head(const HeadUse& use,
                       const std::vector<RealOutput>& outputs,
                       const HeadOptions& options) {
  check_number("--score", options.score);
  if (options.overlap) check_number("--overlap", *options.overlap);
  if (use.head->read == nullptr) return {};
  HeadInput in{use.width, use.height, use.detection.get(), use.anchors};
  in.numbers = use.head->numbers;
  HeadFindings found = use.head->read(outputs, in, options);
  if (use.head->overlap == 0) return found;
  found.boxes =
      strongest(std::move(found.boxes), options.score,
                options.overlap.value_or(use.head->overlap), options.most);
  return found;
}

}  // namespace shoal
