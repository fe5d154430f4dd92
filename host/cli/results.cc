#include "host/cli/results.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/charts/html.h"
#include "host/cli/output.h"
#include "host/data/image/draw.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

constexpr const char* kLockFile = "results.lock";

// As a part of a file's name.
std::string plain(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const bool fine = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                      c == '-' || c == '.' || c == '_';
    text += fine ? c : '_';
  }
  if (text.size() > 100) text.erase(0, text.size() - 100);
  return text.empty() || text[0] == '.' ? "_" + text : text;
}

// How many classes the outputs tell apart; 0: that is not known.
int64_t class_count(const HeadUse& head, const Graph& graph) {
  const Tensor& t = graph.tensors[static_cast<size_t>(graph.outputs[0])];
  if (head_task(head) == Task::kClassify) return element_count(t.shape);
  return 0;
}

// Places of each class, most first.
std::vector<std::pair<int, int64_t>> shares(const std::vector<int>& mask) {
  std::map<int, int64_t> counts;
  for (const int c : mask) ++counts[c];
  std::vector<std::pair<int, int64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::ranges::greater{},
                           &std::pair<int, int64_t>::second);
  return sorted;
}

std::string box_text(const Detection& box, const std::string& label) {
  char score[16];
  std::snprintf(score, sizeof score, " %.2f", static_cast<double>(box.score));
  return (label.empty() ? std::to_string(box.index) : label) + score;
}

std::string points_text(const Detection& box) {
  std::string text = "  points";
  for (const ImagePoint& p : box.points) {
    char place[64];
    std::snprintf(place, sizeof place, "  %.1f %.1f", static_cast<double>(p.x),
                  static_cast<double>(p.y));
    text += place;
  }
  return text;
}

std::string shape_text(const Array& a) {
  std::string text;
  for (const int64_t n : a.shape) {
    text += (text.empty() ? "" : "x") + std::to_string(n);
  }
  return text;
}

}  // namespace

void tell_head(const HeadUse& head) {
  if (head.detection && head_name(head) == "ssd") {
    tell(
        "the last operator, TFLite_Detection_PostProcess, is computed on the "
        "coordinator\n");
  } else if (head.guessed && head_task(head) == Task::kRaw) {
    tell("no task fits the outputs; --output-dir keeps their values\n");
  } else if (head.guessed && head_task(head) != Task::kClassify) {
    tell("outputs are read as %s (%s); otherwise --task or --head\n",
         head_name(head).c_str(), task_name(head_task(head)));
  }
  if (!head.assumed.empty()) {
    tell("anchors are assumed to be COCO's: --anchors %s\n",
         head.assumed.c_str());
  }
}

Results::Results(const ResultFlags& flags, const PictureFlags& pictures,
                 const Graph& graph,
                 std::shared_ptr<const DetectionOp> detection,
                 std::vector<std::string> labels, const LockRequest& request)
    : flags_(flags),
      fit_(input_options(pictures).fit),
      graph_(graph),
      labels_(std::move(labels)),
      head_(choose_head(graph, {flags.head, flags.task, flags.anchors,
                                std::move(detection)})) {
  tell_head(head_);
  const int64_t classes = class_count(head_, graph);
  const auto count = static_cast<int64_t>(labels_.size());
  if (classes > 0 && count > 0 && count != classes) {
    tell("warning: %s labels for %s classes; class 0 has the first one\n",
         format_count(count).c_str(), format_count(classes).c_str());
  }
  if (flags.folder.empty()) return;
  make_folder(flags.folder);
  owner_.emplace((std::filesystem::path(flags.folder) / kLockFile).string(),
                 LockMode::kExclusive, flags.folder + ": the folder of results",
                 request);
}

std::string Results::label(int index) const {
  const auto i = static_cast<size_t>(index);
  return index >= 0 && i < labels_.size() ? labels_[i] : "";
}

Results::Result Results::read(const RunInput& input, const Bytes& output) {
  Result r{input.name, output_arrays(graph_, output), {}, {}, {}};
  const Task task = head_task(head_);
  if (task == Task::kClassify) {
    r.top = best_classes(graph_, output, labels_, flags_.top);
  } else if (task != Task::kRaw) {
    const HeadOptions options{.score = flags_.score, .overlap = flags_.overlap};
    r.found = read_head(head_, real_outputs(graph_, output), options);
  }
  std::optional<Picture> picture;
  const bool places = !r.found.boxes.empty() || !r.found.points.empty();
  const bool is_shown = !flags_.html.empty() && !pictures_.is_full();
  const bool draws = is_shown || !flags_.folder.empty();
  if (places || draws) picture = input.picture();
  if (picture) {
    to_picture(placement_of(picture->width, picture->height, head_.width,
                            head_.height, fit_),
               r.found);
  }
  if (picture && draws) draw(*picture, r);
  if (!flags_.folder.empty()) write_files(picture, r);
  if (!flags_.html.empty()) {
    pictures_.add(r.name, said(r), picture.value_or(Picture{}));
  }
  return r;
}

std::string Results::said(const Result& r) const {
  std::string text;
  for (const Class& c : r.top) {
    char score[32];
    std::snprintf(score, sizeof score, "%.5f ", c.score);
    text +=
        score + (c.label.empty() ? std::to_string(c.index) : c.label) + "\n";
  }
  for (const Detection& b : r.found.boxes) {
    text += box_text(b, label(b.index)) + "\n";
  }
  return printable(text, Newlines::kKept);
}

Section Results::take_section() {
  Section section;
  section.id = "answers";
  section.title = "Answers";
  section.text = "What " + printable(graph_.name) +
                 " says of each input. Boxes, masks and points are drawn.";
  section.pictures = pictures_.take();
  section.notes = pictures_.notes();
  return section;
}

void Results::print(const Result& r) const {
  switch (head_task(head_)) {
    case Task::kClassify:
      print_classes(r.top);
      break;
    case Task::kDetect:
      if (r.found.boxes.empty()) {
        say("nothing with a score of %g or more (--score)\n",
            static_cast<double>(flags_.score));
        break;
      }
      say("  score    left     top   right  bottom  class\n");
      for (const Detection& b : r.found.boxes) {
        say("%7.3f %7.1f %7.1f %7.1f %7.1f  %5d  %s\n",
            static_cast<double>(b.score), static_cast<double>(b.left),
            static_cast<double>(b.top), static_cast<double>(b.right),
            static_cast<double>(b.bottom), b.index, label(b.index).c_str());
        if (!b.points.empty()) say("%s\n", points_text(b).c_str());
      }
      break;
    case Task::kSegment:
      say("   area  class\n");
      for (const auto& [index, places] : shares(r.found.mask)) {
        say("%5.1f %%  %5d  %s\n",
            100.0 * static_cast<double>(places) /
                static_cast<double>(r.found.mask.size()),
            index, label(index).c_str());
      }
      break;
    case Task::kPoints:
      say("  point       x       y   score\n");
      for (size_t i = 0; i < r.found.points.size(); ++i) {
        const KeyPoint& p = r.found.points[i];
        say("%7zu %7.1f %7.1f %7.3f  %s\n", i, static_cast<double>(p.x),
            static_cast<double>(p.y), static_cast<double>(p.score),
            label(static_cast<int>(i)).c_str());
      }
      break;
    case Task::kRaw:
      for (const NamedArray& a : r.arrays) {
        say("output   %s, %s of %s\n", printable(a.name).c_str(),
            shape_text(a.array).c_str(), a.array.type.c_str());
      }
      break;
  }
}

nlohmann::json Results::json(const Result& r) const {
  Bytes output;
  nlohmann::json outputs = nlohmann::json::array();
  for (const NamedArray& a : r.arrays) {
    output.insert(output.end(), a.array.bytes.begin(), a.array.bytes.end());
    outputs.push_back(
        {{"name", a.name}, {"shape", a.array.shape}, {"type", a.array.type}});
    if (!a.file.empty()) outputs.back()["file"] = a.file;
  }
  nlohmann::json json{{"input", r.name},
                      {"output_sha256", sha256_hex(output)},
                      {"task", task_name(head_task(head_))},
                      {"head", head_name(head_)},
                      {"outputs", std::move(outputs)}};
  if (!r.drawing.empty()) json["drawing"] = r.drawing;
  switch (head_task(head_)) {
    case Task::kClassify:
      json["top"] = nlohmann::json::array();
      for (const Class& c : r.top) {
        json["top"].push_back(
            {{"index", c.index}, {"label", c.label}, {"score", c.score}});
      }
      break;
    case Task::kDetect:
      json["boxes"] = nlohmann::json::array();
      for (const Detection& b : r.found.boxes) {
        json["boxes"].push_back({{"index", b.index},
                                 {"label", label(b.index)},
                                 {"score", b.score},
                                 {"box", {b.left, b.top, b.right, b.bottom}}});
        for (const ImagePoint& p : b.points) {
          json["boxes"].back()["points"].push_back({p.x, p.y});
        }
      }
      break;
    case Task::kSegment:
      json["mask"] = {{"rows", r.found.mask_height},
                      {"columns", r.found.mask_width}};
      json["classes"] = nlohmann::json::array();
      for (const auto& [index, places] : shares(r.found.mask)) {
        json["classes"].push_back(
            {{"index", index},
             {"label", label(index)},
             {"area", static_cast<double>(places) /
                          static_cast<double>(r.found.mask.size())}});
      }
      break;
    case Task::kPoints:
      json["points"] = nlohmann::json::array();
      for (const KeyPoint& p : r.found.points) {
        json["points"].push_back({{"x", p.x}, {"y", p.y}, {"score", p.score}});
      }
      break;
    case Task::kRaw:
      break;
  }
  return json;
}

std::string Results::file_stem(const std::string& name) {
  const std::filesystem::path path(name);
  const std::string base = plain(path.stem().string());
  std::string stem = base;
  for (int n = 2; !stems_.insert(stem).second; ++n) {
    stem = base + "-" + std::to_string(n);
  }
  return stem;
}

void Results::draw(Picture& picture, const Result& r) const {
  if (!r.found.mask.empty()) {
    const Placement p = placement_of(picture.width, picture.height, head_.width,
                                     head_.height, fit_);
    draw_mask(picture,
              {p.left, p.top, p.left + head_.width * p.columns,
               p.top + head_.height * p.rows},
              r.found.mask_width, r.found.mask);
  }
  for (const Detection& b : r.found.boxes) {
    draw_box(picture, {b.left, b.top, b.right, b.bottom}, colour_of(b.index),
             box_text(b, label(b.index)));
    for (size_t i = 0; i < b.points.size(); ++i) {
      draw_point(picture, static_cast<double>(b.points[i].x),
                 static_cast<double>(b.points[i].y),
                 colour_of(static_cast<int>(i)));
    }
  }
  for (size_t i = 0; i < r.found.points.size(); ++i) {
    draw_point(picture, r.found.points[i].x, r.found.points[i].y,
               colour_of(static_cast<int>(i)));
  }
}

void Results::write_files(const std::optional<Picture>& drawn, Result& r) {
  const std::filesystem::path folder = flags_.folder;
  const std::string stem = file_stem(r.name);
  std::set<std::string> used;
  for (size_t i = 0; i < r.arrays.size(); ++i) {
    std::string name = stem + "." + plain(r.arrays[i].name) + ".npy";
    if (!used.insert(name).second) {
      name = stem + "." + plain(r.arrays[i].name) + "-" + std::to_string(i) +
             ".npy";
    }
    r.arrays[i].file = name;
    write_file((folder / name).string(), format_npy(r.arrays[i].array));
  }
  page_ += "<tr><td>" + escape_html(printable(r.name)) + "</td><td>";
  if (drawn) {
    r.drawing = stem + ".png";
    write_file((folder / r.drawing).string(), encode_png(*drawn));
    page_ += "<img src=\"" + r.drawing + "\" alt=\"\">";
  }
  page_ += "</td><td><pre>" + escape_html(said(r)) + "</pre></td></tr>\n";
}

void Results::finish() {
  if (flags_.folder.empty()) return;
  const std::string title = escape_html(printable(graph_.name));
  write_file(
      (std::filesystem::path(flags_.folder) / "index.html").string(),
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>" +
          title +
          "</title>\n<style>body{font-family:sans-serif}img{max-width:"
          "480px;max-height:480px}td{vertical-align:top;padding:8px}"
          "</style>\n<h1>" +
          title + "</h1>\n<table>\n" + page_ + "</table></html>\n");
}

}  // namespace shoal
