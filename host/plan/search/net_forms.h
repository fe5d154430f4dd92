// Finds repetitions in a net: segments of equal layers that touch equal tensors
// in the same way have the same form, wherever they are.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/tokens/keyed_memo.h"
#include "host/plan/types/segment.h"
#include "host/plan/types/uses.h"

namespace shoal {

// Gives each different key a number.
template <typename Key>
class Numbers {
 public:
  int of(Key key) {
    return numbers_
        .try_emplace(std::move(key), static_cast<int>(numbers_.size()))
        .first->second;
  }
  void clear() { numbers_.clear(); }

 private:
  std::unordered_map<Key, int, KeyHash> numbers_;
};

class NetForms {
 public:
  NetForms() = default;
  // `slots` has further numbers by tensor that equal forms must share. The net
  // must outlive this object.
  NetForms(const Net&, std::vector<TensorUses>,
           const std::vector<std::vector<int>>& slots);

  struct Form {
    int number = 0;  // equal for segments of the same form
    // Layers outside the segment that touch a tensor that lives while it runs.
    std::vector<int> others;
  };
  // The result is valid until the next call.
  const Form& of(Segment);

 private:
  using Key = std::vector<int64_t>;
  // The segments that begin at one layer.
  struct Begin {
    std::vector<int> touched;  // by tensor: its number; -1: not touched
    int tensors = 0;
    std::vector<int> layers;  // by length - 1: a number for these layers
    std::vector<std::optional<Form>> forms;  // by length
  };

  std::vector<int> others_of(Segment) const;
  // Adds to the key what a layer is and which tensors of the segment it
  // touches.
  void add_layer(int layer, const std::vector<int>& touched, Key&) const;
  void extend(int begin, int end);

  const Net* net_ = nullptr;
  std::vector<TensorUses> uses_;
  LiveTensors live_;
  std::vector<int> layer_kinds_, tensor_kinds_;
  Numbers<Key> kinds_, layers_, forms_;
  std::vector<Begin> begins_;
};

}  // namespace shoal
