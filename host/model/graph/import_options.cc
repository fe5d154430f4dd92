#include "host/model/graph/import_options.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "host/base/edit_distance.h"
#include "host/base/error.h"
#include "host/base/printable.h"

namespace shoal {
namespace {

constexpr size_t kNearest = 3;

// Names that contain the asked name come first.
std::vector<std::string> nearest_names(const std::string& asked,
                                       const NamedValues& values) {
  constexpr size_t kLongest = 200;  // compared in full
  std::set<std::pair<size_t, std::string>> near;
  for (size_t i = 0; i < values.count; ++i) {
    const std::string& name = values.name(i);
    if (name.empty()) continue;
    const bool part = name.find(asked) != std::string::npos;
    near.emplace(part ? 0
                      : edit_distance(asked.substr(0, kLongest),
                                      name.substr(0, kLongest)),
                 name);
    if (near.size() > kNearest) near.erase(std::prev(near.end()));
  }
  std::vector<std::string> out;
  for (const auto& [far, name] : near) out.push_back(name);
  return out;
}

[[noreturn]] void throw_unknown(const std::string& asked,
                                const NamedValues& values) {
  std::string fix;
  for (const std::string& name : nearest_names(asked, values)) {
    fix += (fix.empty() ? "the nearest ones: " : ", ") + printable(name);
  }
  throw Error(Exit::kUsage,
              std::string(values.flag) + ": no tensor is named '" +
                  printable(asked) + "'",
              fix);
}

bool read_number(const std::string& text, int64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && rest == end;
}

size_t find_value(const std::string& asked, const NamedValues& values) {
  int64_t number = 0;
  if (asked.starts_with('#') && read_number(asked.substr(1), number)) {
    const int64_t found = values.numbered(number);
    if (found >= 0) return static_cast<size_t>(found);
    throw Error(Exit::kUsage, std::string(values.flag) +
                                  ": no tensor has the "
                                  "number " +
                                  printable(asked));
  }
  size_t found = values.count, count = 0;
  for (size_t i = 0; i < values.count; ++i) {
    if (values.name(i) != asked) continue;
    found = i;
    ++count;
  }
  if (count == 0) throw_unknown(asked, values);
  if (count == 1) return found;
  throw Error(Exit::kUsage,
              std::string(values.flag) + ": " + std::to_string(count) +
                  " tensors are named '" + printable(asked) + "'",
              "give '#INDEX', with the number of the tensor");
}

}  // namespace

int64_t memory_for_constants() {
  const int64_t pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? pages / 4 * size : 0;
}

std::map<std::string, Shape> asked_shapes(const ImportOptions& options) {
  std::map<std::string, Shape> out;
  for (const std::string& text : options.shapes) {
    const auto refuse = [&](const std::string& why) {
      throw Error(Exit::kUsage,
                  "--input-shape '" + printable(text) + "': " + why,
                  "write it as --input-shape NAME=1x3x320x320");
    };
    const size_t middle = text.rfind('=');
    if (middle == std::string::npos || middle == 0) refuse("no NAME=SIZES");
    Shape shape;
    for (size_t at = middle + 1; at <= text.size();) {
      const size_t end = std::min(text.find('x', at), text.size());
      int64_t size = 0;
      if (!read_number(text.substr(at, end - at), size) || size < 1 ||
          size > std::numeric_limits<int32_t>::max()) {
        refuse("'" + printable(text.substr(at, end - at)) + "' is not a size");
      }
      shape.push_back(static_cast<int>(size));
      at = end + 1;
    }
    if (!out.emplace(text.substr(0, middle), shape).second) {
      refuse("the input is named twice");
    }
  }
  return out;
}

std::vector<size_t> named_values(const std::vector<std::string>& asked,
                                 const NamedValues& values) {
  std::vector<size_t> out;
  for (const std::string& name : asked) {
    const size_t found = find_value(name, values);
    if (std::ranges::find(out, found) != out.end()) {
      throw Error(Exit::kUsage, std::string(values.flag) + ": '" +
                                    printable(name) + "' is named twice");
    }
    out.push_back(found);
  }
  return out;
}

std::string flag_value(const std::string& name, size_t index, bool unique) {
  constexpr size_t kLongest = 60;
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') ||
           std::string("_-./:+,@%").find(c) != std::string::npos;
  };
  const bool usable = unique && !name.empty() && name.size() <= kLongest &&
                      name[0] != '-' && std::ranges::all_of(name, plain);
  return usable ? name : "'#" + std::to_string(index) + "'";
}

std::vector<int> ends_before(const std::vector<Operation>& operations,
                             size_t values, const std::vector<bool>& inputs,
                             const std::vector<bool>& constants,
                             const std::vector<int>& outputs) {
  std::vector<bool> known = inputs, made(values, false), end(values, false);
  std::vector<bool> fixed = constants;
  bool worth = false;
  const auto is_fixed = [&](int v) {
    return v < 0 || fixed[static_cast<size_t>(v)];
  };
  const auto is_known = [&](int v) {
    return is_fixed(v) || known[static_cast<size_t>(v)];
  };
  const auto stop_at = [&](int v) {
    if (v >= 0 && made[static_cast<size_t>(v)]) {
      end[static_cast<size_t>(v)] = true;
    }
  };
  for (const Operation& op : operations) {
    const bool folds = op.supported && !op.inputs.empty() &&
                       std::ranges::all_of(op.inputs, is_fixed);
    if (!op.supported || !std::ranges::all_of(op.inputs, is_known)) {
      std::ranges::for_each(op.inputs, stop_at);
      continue;
    }
    worth |= op.weighty && !folds;
    for (const int v : op.outputs) {
      if (v < 0) continue;
      const auto i = static_cast<size_t>(v);
      if (folds) {
        fixed[i] = true;
      } else if (!fixed[i]) {
        known[i] = made[i] = true;
      }
    }
  }
  if (!worth) return {};
  std::ranges::for_each(outputs, stop_at);
  std::vector<int> out;
  for (size_t v = 0; v < values; ++v) {
    if (end[v]) out.push_back(static_cast<int>(v));
  }
  return out;
}

}  // namespace shoal
