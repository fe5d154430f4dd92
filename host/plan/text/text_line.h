// Tables for people, line by line. Only for host/plan.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

namespace shoal {

template <class... Args>
void line(std::string& out, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(out), text, std::forward<Args>(args)...);
  out += '\n';
}

}  // namespace shoal
