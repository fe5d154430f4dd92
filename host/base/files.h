// Whole files, with errors that name them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal {

// Throws Error(kUsage) if the file is missing or cannot be read.
std::vector<uint8_t> read_file(const std::string& path);
// Throws Error(kInternal) if it cannot be written.
void write_file(const std::string& path, std::span<const uint8_t> bytes);
void write_file(const std::string& path, const std::string& text);

}  // namespace shoal
