#include "host/plan/file/plan_file.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/file/plan_fields.h"
#include "host/plan/file/plan_key.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;  // one more when fields change
// No number of a plan can be beyond these. Within them, sums and differences of
// a few numbers fit their types, so the checker's arithmetic cannot overflow.
constexpr int kMostIndex = 1 << 24;  // also for sides of boxes
constexpr int64_t kMostCount = int64_t{1} << 53;
constexpr double kMostSeconds = 1e12;

static_assert(std::size(kOwners) == static_cast<size_t>(Owner::kSpill) + 1);
static_assert(std::size(kPlaces) ==
              static_cast<size_t>(WeightPlace::kSram) + 1);

std::vector<std::string> names(Owner) {
  return {std::begin(kOwners), std::end(kOwners)};
}
std::vector<std::string> names(WeightPlace) {
  return {std::begin(kPlaces), std::end(kPlaces)};
}
std::vector<std::string> names(Objective) {
  std::vector<std::string> all;
  for (const ObjectiveName& o : kObjectives) all.emplace_back(o.name);
  return all;
}

class Writer {
 public:
  template <class... T>
  void operator()(FieldNames<sizeof...(T)> names, const T&... values) {
    const std::string_view* name = names.names.data();
    ((made_[std::string(*name++)] = of(values)), ...);
  }

  template <class T>
  static json of(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return names(value).at(static_cast<size_t>(value));
    } else if constexpr (std::is_arithmetic_v<T> ||
                         std::is_same_v<T, std::string>) {
      return value;
    } else {
      Writer inner;
      fields(value, inner);
      return std::move(inner.made_);
    }
  }
  static json of(const Box& b) { return {b.y0, b.y1, b.x0, b.x1, b.c0, b.c1}; }
  template <class T>
  static json of(const std::vector<T>& values) {
    json list = json::array();
    for (const T& v : values) list.push_back(of(v));
    return list;
  }

 private:
  json made_ = json::object();
};

// Reads the fields of one object; `where` is its place in the file.
class PlanReader {
 public:
  PlanReader(const json& object, std::string where)
      : object_(object), where_(std::move(where)) {
    if (!object.is_object()) refuse(where_, "is not an object");
  }

  template <class... T>
  void operator()(FieldNames<sizeof...(T)> names, T&... values) {
    const std::string_view* name = names.names.data();
    (read_field(std::string(*name++), values), ...);
  }

  // Requires that there are no other fields.
  void finish() const {
    if (object_.size() != read_) {
      refuse(where_, "has fields that a plan does not have");
    }
  }

  [[noreturn]] static void refuse(const std::string& where,
                                  const std::string& what) {
    throw Error(Exit::kCorrupt, where + " " + what,
                "write the plan again with `shoal plan -o FILE`");
  }

 private:
  template <class T>
  void read_field(const std::string& name, T& value) {
    const auto found = object_.find(name);
    if (found == object_.end()) refuse(where_, "lacks " + name);
    ++read_;
    read(*found, where_ + "." + name, value);
  }

  template <class T>
  static void read(const json& from, const std::string& where, T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!from.is_boolean()) refuse(where, "is neither true nor false");
      value = from.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      read_integer(from, where, value, std::is_same_v<T, int> ? -1 : 0);
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!from.is_number()) refuse(where, "is not a number");
      value = from.get<T>();
      if (!(value >= 0 && value <= kMostSeconds)) refuse(where, kOutOfRange);
    } else if constexpr (std::is_enum_v<T>) {
      read_name(from, where, value);
    } else {
      PlanReader inner(from, where);
      fields(value, inner);
      inner.finish();
    }
  }

  // Whole numbers are counts, or indexes with -1 for none.
  template <class T>
  static void read_integer(const json& from, const std::string& where, T& value,
                           int64_t least) {
    const int64_t most = std::is_same_v<T, int> ? kMostIndex : kMostCount;
    if (!from.is_number_integer()) refuse(where, "is not a whole number");
    const bool fits = !from.is_number_unsigned() ||
                      std::in_range<int64_t>(from.get<uint64_t>());
    const int64_t number = fits ? from.get<int64_t>() : -2;
    if (!fits || number < least || number > most || !std::in_range<T>(number)) {
      refuse(where, kOutOfRange);
    }
    value = static_cast<T>(number);
  }

  template <class T>
  static void read_name(const json& from, const std::string& where, T& value) {
    const std::vector<std::string> all = names(T{});
    for (size_t i = 0; i < all.size(); ++i) {
      if (from != all[i]) continue;
      value = static_cast<T>(i);
      return;
    }
    refuse(where, fmt::format("is not one of {}", fmt::join(all, ", ")));
  }

  static void read(const json& from, const std::string& where,
                   std::string& value) {
    if (!from.is_string()) refuse(where, "is not a text");
    value = from.get<std::string>();
  }

  static void read(const json& from, const std::string& where, Box& value) {
    if (!from.is_array() || from.size() != 6) {
      refuse(where, "is not a list of six numbers");
    }
    int* const sides[] = {&value.y0, &value.y1, &value.x0,
                          &value.x1, &value.c0, &value.c1};
    for (size_t i = 0; i < 6; ++i) read_integer(from[i], where, *sides[i], 0);
  }

  template <class T>
  static void read(const json& from, const std::string& where,
                   std::vector<T>& values) {
    if (!from.is_array()) refuse(where, "is not a list");
    values.resize(from.size());
    for (size_t i = 0; i < values.size(); ++i) {
      read(from[i], where + "[" + std::to_string(i) + "]", values[i]);
    }
  }

  static constexpr const char* kOutOfRange = "is out of range";

  const json& object_;
  std::string where_;
  size_t read_ = 0;
};

}  // namespace

json stored_plan(const Net& net, const Plan& plan) {
  return {
      {"format", kFormat}, {"net", net_key(net)}, {"plan", Writer::of(plan)}};
}

Plan read_stored_plan(const json& stored, const Net& net,
                      const std::string& where) {
  if (!stored.is_object()) PlanReader::refuse(where, "is not an object");
  if (stored.value("format", json()) != kFormat) {
    throw Error(Exit::kUsage,
                where + " holds a plan in another format than " +
                    std::to_string(kFormat),
                "write it again with `shoal plan -o FILE`");
  }
  if (stored.value("net", json()) != net_key(net)) {
    throw Error(Exit::kUsage,
                where + " holds the plan of another network than " + net.name,
                "write one of this network with `shoal plan -o FILE`, and with "
                "--stream if it runs so");
  }
  const auto found = stored.find("plan");
  if (found == stored.end()) PlanReader::refuse(where, "lacks plan");
  Plan plan;
  PlanReader reader(*found, where + ".plan");
  fields(plan, reader);
  reader.finish();
  return plan;
}

}  // namespace shoal
