// Where the loader finds an image. It owns nothing; what is mapped must stay.
#pragma once

#include <cstdint>

namespace shoal {

struct ImageSource {
  const uint8_t* mapped = nullptr;  // 16-byte aligned; null: in storage
  uint32_t bytes = 0;
  bool has_storage = false;
};

}  // namespace shoal
