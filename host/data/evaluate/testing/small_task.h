// For tests of accuracy runs: data that lie in memory, and a small classifier.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/data/dataset/dataset.h"
#include "host/model/graph/graph.h"

namespace shoal {

// Inputs as bytes; "item-I.bin".
class ListedData : public Dataset {
 public:
  ListedData(std::vector<std::vector<uint8_t>> items, std::vector<int> labels,
             std::vector<std::string> classes = {})
      : items_(std::move(items)),
        labels_(std::move(labels)),
        classes_(std::move(classes)) {}

  int64_t size() const override { return static_cast<int64_t>(items_.size()); }
  std::string name(int64_t i) const override {
    return "item-" + std::to_string(i) + ".bin";
  }
  int label(int64_t i) const override {
    return labels_.at(static_cast<size_t>(i));
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  bool is_picture(int64_t) const override { return false; }
  Picture picture(int64_t) const override { return {}; }
  std::vector<uint8_t> bytes(int64_t i) const override {
    return items_.at(static_cast<size_t>(i));
  }

 private:
  std::vector<std::vector<uint8_t>> items_;
  std::vector<int> labels_;
  std::vector<std::string> classes_;
};

// A network of random weights with eight classes: a .tflite, 20 x 16 x 3.
std::vector<uint8_t> small_classifier(uint32_t seed);
// Its input for any number of frames, with labels at random.
ListedData small_data(uint32_t seed, int frames);

}  // namespace shoal
