#include <utility>

#include "host/base/files.h"
#include "host/base/memory.h"
#include "host/data/dataset/sets.h"

namespace shoal {
namespace {

class StackSet : public Dataset {
 public:
  StackSet(Stack stack, std::string name)
      : stack_(std::move(stack)), name_(std::move(name)) {}

  int64_t size() const override { return stack_.count; }
  std::string name(int64_t i) const override {
    return name_ + "[" + std::to_string(i) + "]";
  }
  int label(int64_t i) const override {
    return stack_.labels.empty() ? -1
                                 : stack_.labels.at(static_cast<size_t>(i));
  }
  const std::vector<std::string>& classes() const override {
    return stack_.classes;
  }
  bool is_picture(int64_t) const override { return stack_.pixels; }
  Picture picture(int64_t i) const override { return stack_picture(stack_, i); }
  std::vector<uint8_t> bytes(int64_t i) const override {
    std::vector<uint8_t> all;
    for (size_t k = 0; k < stack_.inputs.size(); ++k) {
      const std::vector<uint8_t> one = stack_array(stack_, k, i).bytes;
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }
  std::vector<uint8_t> input(const Graph& graph, int64_t i,
                             const InputOptions& options) const override {
    return stack_input(graph, stack_, i, name(i), options);
  }
  std::string note(const Graph&) const override { return stack_.note; }

 private:
  const Stack stack_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<Dataset> open_stack(const Graph& graph,
                                    const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return with_memory_for("the frames of " + name, [&] {
    return std::make_unique<StackSet>(
        read_stack(graph, name, read_file(file.string(), files::kInput)), name);
  });
}

}  // namespace shoal
