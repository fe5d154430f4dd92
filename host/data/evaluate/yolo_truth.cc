#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/evaluate/box_truth.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return fields;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

template <class Number>
bool parse_whole(std::string_view text, Number& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

class LabelLine {
 public:
  LabelLine(const std::string& name, int64_t number)
      : where_(printable(name) + ": line " + format_count(number) + ": ") {}

  TruthBox parse(const std::vector<std::string_view>& fields) const {
    if (fields.size() != 5) {
      refuse(std::to_string(fields.size()) +
             " fields, not class, x, y, width, height");
    }
    TruthBox box;
    if (!parse_whole(fields[0], box.index) || box.index < 0 ||
        box.index > kMostClasses) {
      refuse("'" + std::string(fields[0]) + "' is not the number of a class");
    }
    double n[4];
    for (size_t i = 0; i < 4; ++i) {
      if (!parse_whole(fields[i + 1], n[i]) || !std::isfinite(n[i])) {
        refuse("'" + std::string(fields[i + 1]) + "' is not a number");
      }
      if (n[i] < 0 || n[i] > 1 + kRounding) {
        refuse("'" + std::string(fields[i + 1]) +
               "' is not a part of a picture, from 0 to 1");
      }
    }
    box.left = n[0] - n[2] / 2;
    box.right = n[0] + n[2] / 2;
    box.top = n[1] - n[3] / 2;
    box.bottom = n[1] + n[3] / 2;
    return box;
  }

 private:
  static constexpr int kMostClasses = 65535;
  static constexpr double kRounding = 1e-3;

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(Exit::kCorrupt, where_ + printable(why));
  }
  const std::string where_;
};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// Folders that may have the label files of pictures in `folder`.
std::vector<fs::path> label_folders(const fs::path& folder,
                                    const std::string& labels) {
  if (!labels.empty()) return {labels};
  std::vector<fs::path> all = {folder, folder / "labels"};
  fs::path other;
  bool found = false;
  const fs::path whole = fs::absolute(folder).lexically_normal();
  for (auto part = whole.end(); part != whole.begin();) {
    --part;
    const bool swap = !found && *part == "images";
    found |= swap;
    const fs::path here = swap ? fs::path("labels") : *part;
    other = other.empty() ? here : here / other;
  }
  if (found) all.push_back(other);
  return all;
}

}  // namespace

std::vector<TruthBox> parse_yolo(std::span<const uint8_t> bytes,
                                 const std::string& name) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                        bytes.size());
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
      text.find('\0') != std::string_view::npos) {
    throw Error(Exit::kCorrupt, printable(name) + ": the labels are in UTF-16",
                "save them as UTF-8");
  }
  std::vector<TruthBox> boxes;
  for (int64_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const auto fields = fields_of(text.substr(0, end));
    if (!fields.empty()) boxes.push_back(LabelLine(name, number).parse(fields));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return boxes;
}

BoxTruth read_yolo(const std::string& folder, const std::string& labels,
                   const Dataset& data) {
  std::error_code error;
  if (!labels.empty() && !fs::is_directory(labels, error)) {
    throw Error(Exit::kUsage,
                "--truth: " + printable(labels) + " is not a folder of labels",
                "give FILE.json of COCO, or a folder of NAME.txt");
  }
  const bool one = !fs::is_directory(folder, error);
  const fs::path pictures =
      one ? fs::path(folder).parent_path() : fs::path(folder);
  BoxTruth truth;
  truth.parts = true;
  const std::vector<fs::path> folders =
      label_folders(pictures.empty() ? "." : pictures, labels);
  int64_t without = 0;
  for (int64_t i = 0; i < data.size(); ++i) {
    const fs::path name =
        fs::path(data.name(i)).replace_extension(".txt").filename();
    BoxTruth::Item& item = truth.items.emplace_back();
    const auto found = std::ranges::find_if(
        folders, [&](const fs::path& f) { return is_file(f / name); });
    if (found == folders.end()) {
      ++without;
      continue;
    }
    const std::string file = (*found / name).string();
    item.boxes = parse_yolo(read_file(file, files::kLabels), file);
  }
  if (without == data.size()) {
    throw Error(Exit::kUsage,
                printable(folder) +
                    ": no picture has a file of labels (NAME.txt beside it or "
                    "in labels/)",
                "give --truth FILE.json of COCO, or a folder of NAME.txt");
  }
  if (without > 0) {
    truth.notes.push_back(format_count(without) +
                          " pictures have no file of labels: nothing is on "
                          "them");
  }
  return truth;
}

void match_box_classes(BoxTruth& truth, const std::vector<std::string>& labels,
                       int offset) {
  std::vector<int> to(truth.names.size());
  std::string missing;
  size_t named = 0;
  for (size_t c = 0; c < to.size(); ++c) {
    const auto at = std::ranges::find(labels, truth.names[c]);
    to[c] = static_cast<int>(c) + offset;
    if (at == labels.end()) {
      if (missing.empty()) missing = truth.names[c];
      continue;
    }
    to[c] = static_cast<int>(at - labels.begin());
    ++named;
  }
  const bool by_name = named > 0;
  if (by_name && named < to.size()) {
    throw Error(
        Exit::kUsage,
        "category '" + printable(missing) +
            "' of the truth is not among the labels, " +
            format_count(static_cast<int64_t>(named)) + " of " +
            format_count(static_cast<int64_t>(to.size())) + " are",
        "give labels with the names of the truth, or leave out --labels");
  }
  if (by_name && offset != 0) {
    throw Error(Exit::kUsage,
                "--label-offset does not apply: the labels name the categories "
                "of the truth",
                "leave out --label-offset or --labels");
  }
  if (!by_name && !to.empty()) {
    truth.notes.push_back(
        "the truth's categories are classes " + std::to_string(offset) +
        " and on, in the order of their ids; --labels matches their names");
  }
  for (BoxTruth::Item& item : truth.items) {
    for (TruthBox& box : item.boxes) {
      const int was = box.index;
      box.index = to.empty() ? was + offset : to[static_cast<size_t>(was)];
      if (box.index >= 0) continue;
      throw Error(Exit::kUsage,
                  "class " + std::to_string(was) + " of the truth is class " +
                      std::to_string(box.index) + " of the model",
                  "use another --label-offset");
    }
  }
  // From here on names and ids are those of the model's classes.
  std::vector<std::string> names;
  std::vector<int64_t> ids;
  for (size_t c = 0; c < to.size(); ++c) {
    if (to[c] < 0) continue;
    const auto at = static_cast<size_t>(to[c]);
    if (names.size() <= at) names.resize(at + 1), ids.resize(at + 1, -1);
    names[at] = truth.names[c];
    ids[at] = truth.ids[c];
  }
  truth.names = std::move(names);
  truth.ids = std::move(ids);
}

}  // namespace shoal
