#include <filesystem>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/dataset/sets.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// A .bin file of one frame after another.
class BinSet : public Dataset {
 public:
  BinSet(const Graph& one, const std::string& path)
      : name_(fs::path(path).filename().string()),
        all_(read_file(path, files::kData)),
        frame_bytes_(input_file_bytes(one)) {
    const auto bytes = static_cast<int64_t>(all_.size());
    if (bytes > 0 && bytes % frame_bytes_ == 0) return;
    throw Error(Exit::kUsage, printable(path) + ": " + format_count(bytes) +
                                  " bytes are not frames of " +
                                  format_count(frame_bytes_) + ", the input's");
  }

  int64_t size() const override {
    return static_cast<int64_t>(all_.size()) / frame_bytes_;
  }
  std::string name(int64_t i) const override {
    return name_ + "[" + std::to_string(i) + "]";
  }
  int label(int64_t) const override { return -1; }
  const std::vector<std::string>& classes() const override { return classes_; }
  bool is_picture(int64_t) const override { return false; }
  Picture picture(int64_t) const override { return {}; }
  std::vector<uint8_t> bytes(int64_t i) const override {
    const auto at = all_.begin() + i * frame_bytes_;
    return {at, at + frame_bytes_};
  }
  std::vector<uint8_t> input(const Graph&, int64_t i,
                             const InputOptions&) const override {
    return bytes(i);
  }
  std::string note(const Graph&) const override { return {}; }

 private:
  const std::string name_;
  const std::vector<uint8_t> all_;
  const int64_t frame_bytes_;
  const std::vector<std::string> classes_;
};

struct InputData {
  std::string title;  // NAME=FILE
  Graph one;          // with the input alone
  std::unique_ptr<Dataset> data;
};

class NamedSet : public Dataset {
 public:
  explicit NamedSet(std::vector<InputData> parts) : parts_(std::move(parts)) {
    for (const InputData& part : parts_) {
      if (labelled_->label(0) < 0) labelled_ = part.data.get();
    }
  }

  int64_t size() const override { return parts_[0].data->size(); }
  std::string name(int64_t i) const override {
    std::string all;
    for (const InputData& part : parts_) {
      all += (all.empty() ? "" : " ") + part.data->name(i);
    }
    return all;
  }
  int label(int64_t i) const override { return labelled_->label(i); }
  const std::vector<std::string>& classes() const override {
    return labelled_->classes();
  }
  bool is_picture(int64_t) const override { return false; }
  Picture picture(int64_t) const override { return {}; }
  std::vector<uint8_t> bytes(int64_t i) const override {
    return joined([&](const InputData& part) { return part.data->bytes(i); });
  }
  std::vector<uint8_t> input(const Graph&, int64_t i,
                             const InputOptions& options) const override {
    return joined([&](const InputData& part) {
      return part.data->input(part.one, i, options);
    });
  }
  std::string note(const Graph&) const override {
    std::string all;
    for (const InputData& part : parts_) {
      const std::string one = part.data->note(part.one);
      if (!one.empty()) all += (all.empty() ? "" : "\n") + one;
    }
    return all;
  }

 private:
  template <class BytesOf>
  std::vector<uint8_t> joined(const BytesOf& bytes_of) const {
    std::vector<uint8_t> all;
    for (const InputData& part : parts_) {
      const std::vector<uint8_t> one = bytes_of(part);
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }

  const std::vector<InputData> parts_;
  const Dataset* labelled_ = parts_[0].data.get();  // if any of them is
};

std::unique_ptr<Dataset> open_values(const Graph& one, const std::string& path,
                                     const std::string& title) {
  if (kind_of_file(path) == ".bin" && fs::is_regular_file(path)) {
    return std::make_unique<BinSet>(one, path);
  }
  std::unique_ptr<Dataset> data = open_dataset(one, path);
  for (int64_t i = 0; i < data->size(); ++i) {
    if (!data->is_picture(i)) continue;
    throw Error(Exit::kUsage,
                title + ": has pictures, which are for a model's only input",
                "save the input's values, as .npy");
  }
  return data;
}

}  // namespace

std::unique_ptr<Dataset> open_named_dataset(const Graph& graph,
                                            const NamedPaths& paths) {
  std::vector<InputData> parts;
  for (const int t : graph.inputs) {
    const std::string& name = graph.tensors[static_cast<size_t>(t)].name;
    const std::string& path = paths.at(name);
    InputData part{printable(name) + "=" + printable(path),
                   with_one_input(graph, t), nullptr};
    part.data = open_values(part.one, path, part.title);
    // A wrong shape is refused as such, not as one frame.
    part.data->input(part.one, 0, {});
    const int64_t frames = part.data->size();
    if (!parts.empty() && parts[0].data->size() != frames) {
      throw Error(Exit::kUsage,
                  parts[0].title +
                      " has frames: " + format_count(parts[0].data->size()) +
                      ", " + part.title + ": " + format_count(frames),
                  "give as many frames of each input");
    }
    parts.push_back(std::move(part));
  }
  return std::make_unique<NamedSet>(std::move(parts));
}

}  // namespace shoal
