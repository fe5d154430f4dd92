// The parameter structs of device/program/params.h as a layer keeps them.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "device/program/params.h"

namespace shoal {

template <class T>
std::vector<int32_t> param_list(const T& params) {
  std::vector<int32_t> list(kParamCount<T>);
  std::memcpy(list.data(), &params, sizeof(T));
  return list;
}

}  // namespace shoal
