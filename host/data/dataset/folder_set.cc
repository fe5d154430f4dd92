#include <algorithm>
#include <cctype>
#include <string_view>
#include <system_error>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/data/dataset/sets.h"
#include "host/data/input/input.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<size_t>(end - text.begin());
  std::string_view number = text.substr(0, count);
  text.remove_prefix(count);
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

// Less than, equal to or above 0.
int natural_order(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a[0]) && is_digit(b[0])) {
      const std::string_view m = take_number(a), n = take_number(b);
      if (m.size() != n.size()) return m.size() < n.size() ? -1 : 1;
      if (const int order = m.compare(n)) return order;
      continue;
    }
    if (a[0] != b[0]) {
      return static_cast<uint8_t>(a[0]) < static_cast<uint8_t>(b[0]) ? -1 : 1;
    }
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

std::string extension_of(const fs::path& path) {
  std::string text = path.extension().string();
  for (char& c : text) c = static_cast<char>(std::tolower(uint8_t(c)));
  return text;
}

struct Entry {
  fs::path path;
  std::string name;
  int label = -1;
};

class FileSet : public Dataset {
 public:
  FileSet(std::vector<Entry> items, std::vector<std::string> classes,
          std::vector<std::string> passed_over)
      : items_(std::move(items)),
        classes_(std::move(classes)),
        passed_over_(std::move(passed_over)) {}

  int64_t size() const override { return static_cast<int64_t>(items_.size()); }
  std::string name(int64_t i) const override { return at(i).name; }
  int label(int64_t i) const override { return at(i).label; }
  const std::vector<std::string>& classes() const override { return classes_; }
  bool is_picture(int64_t i) const override {
    return !has_values(at(i).path.string());
  }
  Picture picture(int64_t i) const override {
    return decode_picture(bytes(i), at(i).name);
  }
  std::vector<uint8_t> bytes(int64_t i) const override {
    return read_file(at(i).path.string(), files::kInput);
  }
  std::vector<std::string> passed_over() const override { return passed_over_; }

 private:
  const Entry& at(int64_t i) const { return items_.at(static_cast<size_t>(i)); }

  std::vector<Entry> items_;
  std::vector<std::string> classes_, passed_over_;
};

// Tables beside pictures say what is in them.
void pass_over_tables(Entries& entries) {
  const auto is_table = [](const std::string& name) {
    const std::string e = extension_of(name);
    return e == ".csv" || e == ".tsv";
  };
  const bool pictures = std::ranges::any_of(
      entries.items, [](const std::string& name) { return !has_values(name); });
  if (!pictures) return;
  std::ranges::copy_if(entries.items, std::back_inserter(entries.others),
                       is_table);
  std::erase_if(entries.items, is_table);
}

}  // namespace

Entries entries_of(const fs::path& folder) {
  Entries entries;
  try {
    for (const fs::directory_entry& e : fs::directory_iterator(folder)) {
      const std::string name = e.path().filename().string();
      if (name.starts_with('.')) continue;
      const bool item = e.is_regular_file() && is_item(e.path());
      (item               ? entries.items
       : e.is_directory() ? entries.folders
                          : entries.others)
          .push_back(name);
    }
  } catch (const fs::filesystem_error& e) {
    throw Error(Exit::kUsage, folder.string() + ": " + e.code().message());
  }
  pass_over_tables(entries);
  std::ranges::sort(entries.items, natural_less);
  std::ranges::sort(entries.folders);
  std::ranges::sort(entries.others);
  return entries;
}

bool natural_less(const std::string& a, const std::string& b) {
  const int order = natural_order(a, b);
  return order != 0 ? order < 0 : a < b;
}

bool is_item(const fs::path& path) {
  const std::string e = extension_of(path);
  constexpr std::string_view kKinds[] = {
      ".png",  ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".pnm",
      ".webp", ".bin", ".npy",  ".npz", ".csv", ".tsv", ".wav"};
  return std::ranges::find(kKinds, e) != std::end(kKinds);
}

std::unique_ptr<Dataset> open_item(const fs::path& file) {
  return std::make_unique<FileSet>(
      std::vector<Entry>{{file, file.filename().string(), -1}},
      std::vector<std::string>{}, std::vector<std::string>{});
}

std::unique_ptr<Dataset> open_pictures(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw Error(Exit::kUsage, path + ": no such file or folder");
  }
  if (fs::is_regular_file(status)) return open_item(path);
  const Entries top = entries_of(path);
  std::vector<Entry> items;
  for (const std::string& name : top.items) {
    items.push_back({fs::path(path) / name, name, -1});
  }
  if (items.empty()) {
    throw Error(Exit::kUsage, path + ": the folder has no pictures",
                "give the folder that the pictures lie in");
  }
  return std::make_unique<FileSet>(std::move(items), std::vector<std::string>{},
                                   std::vector<std::string>{});
}

std::unique_ptr<Dataset> open_folder(const fs::path& folder) {
  const Entries top = entries_of(folder);
  std::vector<Entry> items;
  for (const std::string& name : top.items) {
    items.push_back({folder / name, name, -1});
  }
  std::vector<std::string> passed_over = top.others;
  std::string empty;
  for (size_t label = 0; label < top.folders.size(); ++label) {
    const std::string& name = top.folders[label];
    const Entries inside = entries_of(folder / name);
    if (inside.items.empty() && empty.empty()) empty = name;
    for (const auto* others : {&inside.folders, &inside.others}) {
      for (const std::string& other : *others) {
        passed_over.push_back(name + "/" + other);
      }
    }
    for (const std::string& item : inside.items) {
      items.push_back(
          {folder / name / item, name + "/" + item, static_cast<int>(label)});
    }
  }
  if (items.empty()) {
    throw Error(
        Exit::kUsage,
        folder.string() + ": the folder has neither pictures nor IDX files",
        "give a folder of pictures for each class, a folder of pictures, or "
        "NAME-images-idx3-ubyte with NAME-labels-idx1-ubyte");
  }
  const bool labelled = items.back().label >= 0;
  if (labelled && items.front().label < 0) {
    throw Error(
        Exit::kUsage,
        folder.string() + ": " +
            format_count(static_cast<int64_t>(top.items.size())) +
            " pictures lie beside the folders of classes; the first is " +
            items.front().name,
        "move them into the folder of their class");
  }
  if (labelled && !empty.empty()) {
    throw Error(Exit::kUsage,
                (folder / empty).string() +
                    ": the folder of this class has no pictures",
                "remove the folder");
  }
  return std::make_unique<FileSet>(
      std::move(items), labelled ? top.folders : std::vector<std::string>{},
      std::move(passed_over));
}

}  // namespace shoal
