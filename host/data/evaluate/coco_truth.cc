#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/evaluate/box_truth.h"

namespace shoal {
namespace {

using nlohmann::json;

// A list of the file, and what is wrong with one of its elements.
class CocoList {
 public:
  CocoList(const std::string& file, const json& whole, const char* name)
      : file_(file), name_(name) {
    const auto found = whole.find(name);
    if (found == whole.end() || !found->is_array()) {
      throw Error(
          Exit::kCorrupt, printable(file) + ": has no list '" + name + "'",
          "give a COCO file of instances (images, annotations, categories)");
    }
    list_ = &*found;
  }
  size_t size() const { return list_->size(); }
  void at(size_t i) {
    at_ = i;
    if (!(*list_)[i].is_object()) refuse("is not an object");
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(Exit::kCorrupt, printable(file_) + ": " + name_ + "[" +
                                    std::to_string(at_) + "] " +
                                    printable(why));
  }
  const json* find(const char* key) const {
    const auto found = (*list_)[at_].find(key);
    return found == (*list_)[at_].end() || found->is_null() ? nullptr : &*found;
  }
  int64_t number(const char* key) const {
    const json* const v = find(key);
    if (v == nullptr || !v->is_number_integer() ||
        (v->is_number_unsigned() && v->get<uint64_t>() > uint64_t{1} << 62)) {
      refuse(std::string("has no whole number '") + key + "'");
    }
    return v->get<int64_t>();
  }
  std::string text(const char* key) const {
    const json* const v = find(key);
    if (v == nullptr || !v->is_string()) {
      refuse(std::string("has no text '") + key + "'");
    }
    return v->get<std::string>();
  }

 private:
  const std::string& file_;
  const char* name_;
  const json* list_ = nullptr;
  size_t at_ = 0;
};

// Outlines take nine tenths of such a file.
json parse_json(std::string_view text, const std::string& name) {
  const auto keep = [](int, json::parse_event_t event, json& value) {
    return event != json::parse_event_t::key || value != "segmentation";
  };
  try {
    json whole = json::parse(text.begin(), text.end(), keep);
    if (whole.is_object()) return whole;
  } catch (const json::exception&) {
  }
  throw Error(Exit::kCorrupt, printable(name) + ": is not a JSON object",
              "give a COCO file of instances");
}

class CocoReader {
 public:
  CocoReader(const std::string& name, const json& whole, const Dataset& data)
      : name_(name), whole_(whole), data_(data) {}

  BoxTruth read() {
    read_categories();
    read_images();
    read_annotations();
    return std::move(truth_);
  }

 private:
  void read_categories() {
    CocoList list(name_, whole_, "categories");
    std::map<int64_t, std::string> sorted;
    for (size_t i = 0; i < list.size(); ++i) {
      list.at(i);
      const int64_t id = list.number("id");
      if (!sorted.emplace(id, list.text("name")).second) {
        list.refuse("has the id " + std::to_string(id) + " of another one");
      }
    }
    for (const auto& [id, name] : sorted) {
      classes_[id] = static_cast<int>(truth_.ids.size());
      truth_.ids.push_back(id);
      truth_.names.push_back(name);
    }
  }

  // Items by the names that images may have: the file's, or a path to it.
  void read_images() {
    std::map<std::string, size_t> items;
    for (int64_t i = 0; i < data_.size(); ++i) {
      items.emplace(data_.name(i), static_cast<size_t>(i));
    }
    truth_.items.resize(items.size());
    std::vector<bool> known(items.size(), false);
    CocoList list(name_, whole_, "images");
    int64_t absent = 0;
    for (size_t i = 0; i < list.size(); ++i) {
      list.at(i);
      const int64_t id = list.number("id");
      const std::string file = list.text("file_name");
      auto found = items.find(file);
      if (found == items.end()) {
        found = items.find(std::filesystem::path(file).filename().string());
      }
      const int item =
          found == items.end() ? -1 : static_cast<int>(found->second);
      if (!images_.emplace(id, item).second) {
        list.refuse("has the id " + std::to_string(id) + " of another one");
      }
      if (item < 0) {
        ++absent;
        continue;
      }
      const auto at = static_cast<size_t>(item);
      if (known[at]) list.refuse("is " + file + ", as another one is");
      known[at] = true;
      truth_.items[at].id = id;
      truth_.items[at].width = side(list, "width");
      truth_.items[at].height = side(list, "height");
    }
    require_all(known);
    if (absent > 0) {
      truth_.notes.push_back(format_count(absent) +
                             " pictures of the truth are not among the data");
    }
  }

  static int side(const CocoList& list, const char* key) {
    if (list.find(key) == nullptr) return 0;
    const int64_t value = list.number(key);
    if (value < 1 || value > 1'000'000) {
      list.refuse(std::string("has a ") + key + " of " + std::to_string(value));
    }
    return static_cast<int>(value);
  }

  void require_all(const std::vector<bool>& known) const {
    const auto first = std::ranges::find(known, false);
    if (first == known.end()) return;
    throw Error(
        Exit::kUsage,
        printable(name_) + ": has no entry for " +
            printable(data_.name(first - known.begin())) + " and " +
            format_count(std::ranges::count(known, false) - 1) +
            " other pictures",
        "give the truth of these data, or only the pictures that it has");
  }

  void read_annotations() {
    CocoList list(name_, whole_, "annotations");
    for (size_t i = 0; i < list.size(); ++i) {
      list.at(i);
      const int64_t image = list.number("image_id");
      const auto found = images_.find(image);
      if (found == images_.end()) {
        list.refuse("is of image " + std::to_string(image) +
                    ", which the file does not list");
      }
      const int64_t category = list.number("category_id");
      const auto index = classes_.find(category);
      if (index == classes_.end()) {
        list.refuse("is of category " + std::to_string(category) +
                    ", which the file does not list");
      }
      const TruthBox box = box_of(list, index->second);
      if (found->second < 0) continue;
      BoxTruth::Item& item = truth_.items[static_cast<size_t>(found->second)];
      const bool beyond = item.width > 0 && item.height > 0 &&
                          (box.left >= item.width || box.top >= item.height);
      if (beyond || box.right <= 0 || box.bottom <= 0) {
        list.refuse("has a box outside of its picture of " +
                    std::to_string(item.width) + " x " +
                    std::to_string(item.height));
      }
      item.boxes.push_back(box);
    }
  }

  static TruthBox box_of(const CocoList& list, int index) {
    const json* const v = list.find("bbox");
    if (v == nullptr || !v->is_array() || v->size() != 4) {
      list.refuse("has no 'bbox' of 4 numbers");
    }
    double n[4];
    for (size_t i = 0; i < 4; ++i) {
      if ((*v)[i].is_number()) n[i] = (*v)[i].get<double>();
      if (!(*v)[i].is_number() || !std::isfinite(n[i])) {
        list.refuse("has no 'bbox' of 4 numbers");
      }
    }
    if (n[2] < 0 || n[3] < 0) list.refuse("has a box of negative size");
    const json* const crowd = list.find("iscrowd");
    const bool is_crowd =
        crowd != nullptr && (crowd->is_boolean() ? crowd->get<bool>()
                                                 : list.number("iscrowd") != 0);
    return {n[0], n[1], n[0] + n[2], n[1] + n[3], index, is_crowd};
  }

  const std::string& name_;
  const json& whole_;
  const Dataset& data_;
  BoxTruth truth_;
  std::map<int64_t, int> classes_, images_;  // image: -1, not in the data
};

}  // namespace

BoxTruth parse_coco(std::string_view text, const std::string& name,
                    const Dataset& data) {
  const json whole = parse_json(text, name);
  return CocoReader(name, whole, data).read();
}

BoxTruth read_coco(const std::string& path, const Dataset& data) {
  const std::vector<uint8_t> bytes = read_file(path, files::kInput);
  return parse_coco({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                    path, data);
}

}  // namespace shoal
