#include "device/decode/mask.h"

namespace shoal {
namespace {

constexpr float kMostClass = 65535;

bool is_class(float value) {
  if (!(value >= 0)) return false;
  return value > kMostClass ||
         static_cast<float>(static_cast<uint32_t>(value)) == value;
}

}  // namespace

ClassValues::ClassValues(const Values& values) : values_(values) {
  for (uint32_t i = 0; i < values.count && are_classes_; ++i) {
    are_classes_ = is_class(values[i]);
  }
}

int ClassValues::at(uint32_t place) const {
  const float value = values_[place];
  if (!are_classes_) return value >= 0.5f ? 1 : 0;
  return static_cast<int>(value < kMostClass ? value : kMostClass);
}

}  // namespace shoal
