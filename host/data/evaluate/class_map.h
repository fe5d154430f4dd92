// The right class of every pixel, as a PNG file whose values are the classes'
// numbers: grey of at most 8 bits, or places in its palette.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal {

struct ClassMap {
  int width = 0, height = 0;
  std::vector<uint8_t> classes;  // rows first
};

// Throws Error(kCorrupt) for what is no such file, or larger than 64 million
// pixels.
ClassMap decode_class_map(std::span<const uint8_t> file,
                          const std::string& name);

}  // namespace shoal
