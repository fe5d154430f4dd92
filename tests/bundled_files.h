// The network and the pictures that come with the repository.
#pragma once

#include <string>

namespace shoal {

inline const std::string kModels = std::string(SHOAL_SOURCE_DIR) + "/models/";
inline const std::string kNetwork = kModels + "fashion_mobilenet_v2.tflite";

}  // namespace shoal
