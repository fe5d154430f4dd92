// Answers to questions that come again, by all numbers that they depend on
// (stage_key.h). When there are too many, all are forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace shoal {

// Returns the FNV-1a hash of a key.
struct KeyHash {
  template <typename Key>
  size_t operator()(const Key& key) const {
    uint64_t h = 14695981039346656037u;
    for (const auto k : key) {
      h = (h ^ static_cast<uint64_t>(k)) * 1099511628211u;
    }
    return h;
  }
};

template <class Value>
class KeyedMemo {
 public:
  // Returns the value, or null if it was not added. The value stays until the
  // next one is added.
  const Value* find(const std::string& key) const {
    const auto at = known_.find(key);
    return at == known_.end() ? nullptr : &at->second;
  }
  // `bytes`: about how much the value takes besides its own size.
  const Value& add(std::string key, Value value, size_t bytes = 0) {
    const size_t more = key.size() + sizeof(Value) + bytes;
    if (bytes_ + more > kMostBytes) known_.clear(), bytes_ = 0;
    bytes_ += more;
    ++added_;
    return known_.emplace(std::move(key), std::move(value)).first->second;
  }
  // Returns a count for tests.
  size_t added() const { return added_; }

 private:
  static constexpr size_t kMostBytes = size_t{64} << 20;

  std::unordered_map<std::string, Value> known_;
  size_t bytes_ = 0, added_ = 0;
};

}  // namespace shoal
