#include "host/data/evaluate/evaluate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "host/base/error.h"
#include "host/base/size.h"

namespace shoal {
namespace {

const Tensor& first_output(const Graph& graph) {
  return graph.tensors[static_cast<size_t>(graph.outputs.at(0))];
}

template <class Score>
BestClasses best_of(int count, Score score) {
  BestClasses best(kBest, -1);
  std::array<float, kBest> scores{};
  for (int c = 0; c < count; ++c) {
    const float s = score(static_cast<size_t>(c));
    size_t at = kBest;
    while (at > 0 && (best[at - 1] < 0 || s > scores[at - 1])) --at;
    if (at == kBest) continue;
    for (size_t i = kBest - 1; i > at; --i) {
      best[i] = best[i - 1];
      scores[i] = scores[i - 1];
    }
    best[at] = c;
    scores[at] = s;
  }
  return best;
}

// Which label names the class of each folder; empty if none of them does.
std::vector<int> classes_by_name(const std::vector<std::string>& folders,
                                 const std::vector<std::string>& labels) {
  std::vector<int> found;
  std::string missing;
  for (const std::string& folder : folders) {
    const auto at = std::ranges::find(labels, folder);
    if (at != labels.end()) {
      found.push_back(static_cast<int>(at - labels.begin()));
    } else if (missing.empty()) {
      missing = folder;
    }
  }
  if (found.empty() || found.size() == folders.size()) return found;
  throw Error(Exit::kUsage,
              "class '" + missing + "' of the data is not among the labels, " +
                  format_count(static_cast<int64_t>(found.size())) + " of " +
                  format_count(static_cast<int64_t>(folders.size())) + " are",
              "name its folder as the label, or leave out --labels");
}

int data_classes(const Dataset& data) {
  if (!data.classes().empty()) return static_cast<int>(data.classes().size());
  int most = 0;
  for (int64_t i = 0; i < data.size(); ++i)
    most = std::max(most, data.label(i));
  return most + 1;
}

void require_labels(const Dataset& data) {
  for (int64_t i = 0; i < data.size(); ++i) {
    if (data.label(i) >= 0) continue;
    throw Error(Exit::kUsage,
                data.name(i) + " has no label to compare its answer with",
                "add a column named label to a .csv, or an array of integers "
                "named label to a .npz; put pictures into a folder for each "
                "class, and the file of labels beside an IDX file");
  }
}

std::vector<std::string> names_of(const Dataset& data, int count, int offset,
                                  const std::vector<std::string>& labels) {
  std::vector<std::string> names;
  if (labels.empty() && data.classes().empty()) return names;
  for (int c = 0; c < count; ++c) names.push_back(std::to_string(c));
  for (int c = 0; c < count; ++c) {
    const auto n = static_cast<size_t>(c);
    const auto d = static_cast<size_t>(c - offset);
    if (n < labels.size()) names[n] = labels[n];
    if (labels.empty() && c >= offset && d < data.classes().size()) {
      names[n] = data.classes()[d];
    }
  }
  return names;
}

}  // namespace

BestClasses best_classes_of(const Graph& graph,
                            std::span<const uint8_t> outputs) {
  const int count = class_count(graph);
  switch (first_output(graph).file_type) {
    case Type::kFloat32:
      return best_of(count, [&](size_t i) {
        float v;
        std::memcpy(&v, &outputs[i * sizeof v], sizeof v);
        return std::isnan(v) ? -std::numeric_limits<float>::infinity() : v;
      });
    case Type::kInt16:
      return best_of(count, [&](size_t i) {
        int16_t v;
        std::memcpy(&v, &outputs[i * sizeof v], sizeof v);
        return static_cast<float>(v);
      });
    case Type::kUint8:
      return best_of(count, [&](size_t i) { return float{outputs[i] + 0.f}; });
    default:
      return best_of(count, [&](size_t i) {
        return static_cast<float>(static_cast<int8_t>(outputs[i]));
      });
  }
}

int class_count(const Graph& graph) {
  constexpr int64_t kMost = 65535;  // as of any dimension
  const Tensor& t = first_output(graph);
  const int64_t count = element_count(t.shape);
  const int64_t longest = *std::ranges::max_element(t.shape);
  if (count > kMost || longest != count || is_wide(t.file_type)) {
    throw Error(Exit::kUnsupported,
                "output '" + t.name + "' of " + format_count(count) + " " +
                    type_name(t.file_type) +
                    " values along several axes is not one score a class",
                "evaluate a classifier");
  }
  return static_cast<int>(count);
}

std::string Classes::name(int c) const {
  const auto n = static_cast<size_t>(c);
  return n < names.size() ? names[n] : std::to_string(c);
}

Classes match_classes(const Graph& graph, const Dataset& data,
                      const std::vector<std::string>& labels, int offset) {
  require_labels(data);
  Classes classes;
  classes.count = class_count(graph);
  const std::vector<int> by_name = classes_by_name(data.classes(), labels);
  if (!by_name.empty() && offset != 0) {
    throw Error(Exit::kUsage,
                "--label-offset does not apply: the labels name the classes of "
                "the data",
                "leave out --label-offset or --labels");
  }
  classes.names = names_of(data, classes.count, offset, labels);
  for (int64_t i = 0; i < data.size(); ++i) {
    const int label = data.label(i);
    const int64_t truth = by_name.empty() ? int64_t{label} + offset
                                          : by_name[static_cast<size_t>(label)];
    if (truth < 0 || truth >= classes.count) {
      throw Error(Exit::kUsage,
                  data.name(i) + " is of class " + std::to_string(label) +
                      ", output " + std::to_string(truth) +
                      " of the model, which has " +
                      format_count(classes.count) + " outputs",
                  "give the data that the model was made for, or another "
                  "--label-offset");
    }
    classes.truth.push_back(static_cast<int>(truth));
  }
  const int known = data_classes(data);
  const auto say = [&](const std::string& how) {
    classes.notes.push_back("the model has " + format_count(classes.count) +
                            " outputs, the data " + format_count(known) +
                            " classes: " + how);
  };
  if (!by_name.empty()) {
    if (known != classes.count) say("matched by their names");
  } else if (known != classes.count || offset != 0) {
    say("class c is output c + " + std::to_string(offset) +
        " (--label-offset)");
  }
  if (labels.empty() && !data.classes().empty()) {
    classes.notes.push_back(
        "folders are numbered in the order of their names; give --labels if "
        "the model has another order");
  }
  if (!labels.empty() && labels.size() != static_cast<size_t>(classes.count)) {
    classes.notes.push_back(format_count(static_cast<int64_t>(labels.size())) +
                            " labels for " + format_count(classes.count) +
                            " outputs");
  }
  return classes;
}

double ClassCount::recall() const {
  return frames > 0 ? static_cast<double>(right) / static_cast<double>(frames)
                    : 0;
}

int Accuracy::classes_seen() const {
  return static_cast<int>(std::ranges::count_if(
      classes, [](const ClassCount& c) { return c.frames > 0; }));
}

double Accuracy::mean_recall() const {
  double sum = 0;
  for (const ClassCount& c : classes) sum += c.recall();
  return sum / std::max(classes_seen(), 1);
}

Accuracy count_answers(const Classes& classes, const Answers& answers) {
  Accuracy a;
  a.classes.resize(static_cast<size_t>(classes.count));
  for (const auto& [item, answer] : answers) {
    const int truth = classes.truth.at(static_cast<size_t>(item));
    const bool right = answer[0] == truth;
    const bool near = std::ranges::find(answer, truth) != answer.end();
    ClassCount& of = a.classes[static_cast<size_t>(truth)];
    ++a.frames, ++of.frames;
    a.top1 += right, of.right += right;
    a.top5 += near;
    ++a.confusion[{truth, answer[0]}];
  }
  return a;
}

}  // namespace shoal
