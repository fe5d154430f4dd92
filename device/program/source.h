// Where the loader finds an image. It owns nothing; what is mapped must stay.
#pragma once

#include <cstdint>

#include "device/shoal.h"

namespace shoal {

struct ImageSource {
  // The program part, or more of the image; 16-byte aligned. Null: all of it
  // lies in storage.
  const uint8_t* mapped = nullptr;
  uint32_t mapped_bytes = 0;
  // In storage the image begins at offset 0, whether its program part is read
  // from there or not.
  bool has_storage = false;
  uint32_t storage_bytes = 0;
  // With both, what is read from storage must be sealed. The key is that of the
  // store (device/program/vault.h) and may be set when the header is known.
  const shoal_cipher* cipher = nullptr;
  const uint8_t* key = nullptr;
};

}  // namespace shoal
