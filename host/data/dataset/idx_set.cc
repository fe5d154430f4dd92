#include <system_error>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/data/dataset/idx.h"
#include "host/data/dataset/sets.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostPixels = 64 << 20;  // as of other pictures
constexpr const char* kZip = ".gz";

std::string without_zip(const std::string& name) {
  return name.ends_with(kZip) ? name.substr(0, name.size() - 3) : name;
}

class IdxSet : public Dataset {
 public:
  IdxSet(Idx images, std::vector<uint8_t> labels, std::string name)
      : images_(std::move(images)),
        labels_(std::move(labels)),
        name_(std::move(name)) {}

  int64_t size() const override { return images_.dims[0]; }
  std::string name(int64_t i) const override {
    return name_ + "[" + std::to_string(i) + "]";
  }
  int label(int64_t i) const override {
    return labels_.empty() ? -1 : labels_.at(static_cast<size_t>(i));
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  bool is_picture(int64_t) const override { return true; }
  Picture picture(int64_t i) const override;
  std::vector<uint8_t> bytes(int64_t i) const override {
    const size_t count = images_.values.size() / static_cast<size_t>(size());
    const auto at = images_.values.begin() + static_cast<ptrdiff_t>(count) * i;
    return {at, at + static_cast<ptrdiff_t>(count)};
  }
  // The dimensions behind the first, which is the number of items.
  std::vector<int64_t> dims() const override {
    return {images_.dims.begin() + 1, images_.dims.end()};
  }

 private:
  Idx images_;
  std::vector<uint8_t> labels_;
  std::string name_;
  std::vector<std::string> classes_;
};

Picture IdxSet::picture(int64_t i) const {
  const std::vector<int64_t>& dims = images_.dims;
  const int64_t pixels = dims[1] * dims[2];
  const bool grey = dims.size() == 3 || dims[3] == 1;
  const uint8_t* const from =
      images_.values.data() + i * pixels * (grey ? 1 : 3);
  Picture p{static_cast<int>(dims[2]), static_cast<int>(dims[1]), {}};
  if (!grey) {
    p.rgb.assign(from, from + 3 * pixels);
    return p;
  }
  p.rgb.resize(static_cast<size_t>(3 * pixels));
  uint8_t* to = p.rgb.data();
  for (int64_t at = 0; at < pixels; ++at, to += 3) {
    to[0] = to[1] = to[2] = from[at];
  }
  return p;
}

void check_pictures(const Idx& idx, const std::string& name) {
  const auto refuse = [&](const std::string& why, const std::string& fix) {
    throw Error(Exit::kCorrupt, name + ": " + why, fix);
  };
  const std::vector<int64_t>& dims = idx.dims;
  if (dims.size() < 3) {
    refuse(std::to_string(dims.size()) + " dimensions are not pictures",
           dims.size() == 1 ? "give the file of the pictures; its labels are "
                              "looked for beside it"
                            : "write pictures x rows x columns, or a fourth "
                              "dimension of 1 or 3 channels");
  }
  if (dims.size() == 4 && dims[3] != 1 && dims[3] != 3) {
    refuse("pictures of " + format_count(dims[3]) + " channels",
           "write 1 or 3 channels as the last dimension");
  }
  if (dims[1] * dims[2] > kMostPixels) {
    refuse("pictures of " + std::to_string(dims[2]) + " x " +
               std::to_string(dims[1]) + " are too large",
           "give at most 64 million pixels");
  }
}

// Where "images-idx3" (or idx4, or with a dot before it) begins.
size_t kind_at(const std::string& name) {
  for (const char* kind : {"images-idx3-ubyte", "images-idx4-ubyte",
                           "images.idx3-ubyte", "images.idx4-ubyte"}) {
    const std::string plain = without_zip(name);
    if (plain.ends_with(kind)) return plain.size() - std::string(kind).size();
  }
  return std::string::npos;
}

// Beside the pictures, plain or zipped.
fs::path labels_of(const fs::path& images) {
  const std::string name = images.filename().string();
  const size_t at = kind_at(name);
  if (at == std::string::npos) return {};
  for (const char* kind : {"labels-idx1-ubyte", "labels.idx1-ubyte"}) {
    for (const char* zip : {"", kZip}) {
      const fs::path path =
          images.parent_path() / (name.substr(0, at) + kind + zip);
      std::error_code ignored;
      if (fs::is_regular_file(path, ignored)) return path;
    }
  }
  return {};
}

std::vector<uint8_t> read_labels(const fs::path& path, int64_t pictures) {
  const std::string name = path.filename().string();
  Idx idx = parse_idx(read_file(path.string(), files::kData), name);
  if (idx.dims.size() != 1) {
    throw Error(Exit::kCorrupt,
                name + ": " + std::to_string(idx.dims.size()) +
                    " dimensions are not labels",
                "give one dimension, with one label for each picture");
  }
  if (idx.dims[0] != pictures) {
    throw Error(Exit::kCorrupt,
                name + ": " + format_count(idx.dims[0]) + " labels for " +
                    format_count(pictures) + " pictures",
                "get both files from one place");
  }
  return std::move(idx.values);
}

}  // namespace

std::optional<std::string> idx_set_of(const std::string& file_name) {
  const size_t at = kind_at(file_name);
  if (at == std::string::npos) return std::nullopt;
  std::string set = file_name.substr(0, at);
  while (!set.empty() && (set.back() == '-' || set.back() == '.')) {
    set.pop_back();
  }
  return set;
}

std::unique_ptr<Dataset> open_idx(const fs::path& images) {
  const std::string file = images.filename().string();
  Idx idx = parse_idx(read_file(images.string(), files::kData), file);
  check_pictures(idx, file);
  const fs::path path = labels_of(images);
  std::vector<uint8_t> labels;
  if (!path.empty()) labels = read_labels(path, idx.dims[0]);
  const size_t at = kind_at(file);
  const std::string name = at == std::string::npos
                               ? without_zip(file)
                               : file.substr(0, at) + "images";
  return std::make_unique<IdxSet>(std::move(idx), std::move(labels), name);
}

}  // namespace shoal
