// Bytes of TensorFlow Lite's metadata: what of them counts here. Internal to
// host/model/tflite.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

inline constexpr const char* kMetadataName = "TFLITE_METADATA";

// How pixels become the values of the first input; nothing if the bytes do not
// say it, or not in numbers that can be meant. The reference interpreter does
// not look at metadata, so broken ones are no error.
std::optional<Normalization> read_metadata(std::span<const uint8_t>);
std::vector<uint8_t> write_metadata(const Normalization&);

}  // namespace shoal
