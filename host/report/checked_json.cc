#include "host/report/checked_json.h"

#include <cmath>

#include "host/base/error.h"

namespace shoal {
namespace {

using nlohmann::json;

// Sums of a million such numbers still fit their type, and each is exact in
// the browser.
constexpr int64_t kMostCount = int64_t{1} << 43;
constexpr int kMostSide = 1 << 24;  // of a box

// Returns -2 for what is not a whole number in range.
int64_t whole(const json& value) {
  if (!value.is_number_integer()) return -2;
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(kMostCount)) {
    return -2;
  }
  const int64_t number = value.get<int64_t>();
  return number < -1 || number > kMostCount ? -2 : number;
}

}  // namespace

void CheckedJson::refuse(const std::string& what) const {
  throw Error(Exit::kCorrupt, where_ + " " + what, fix_);
}

void CheckedJson::refuse(const char* key, const std::string& what) const {
  throw Error(Exit::kCorrupt, where_ + "." + key + " " + what, fix_);
}

bool CheckedJson::has(const char* key) const {
  if (!value_.is_object()) refuse("is not an object");
  const auto found = value_.find(key);
  return found != value_.end() && !found->is_null();
}

const json& CheckedJson::find(const char* key) const {
  if (!value_.is_object()) refuse("is not an object");
  const auto found = value_.find(key);
  if (found == value_.end()) refuse("lacks " + std::string(key));
  return *found;
}

CheckedJson CheckedJson::member(const char* key) const {
  return {find(key), where_ + "." + key, fix_};
}

int64_t CheckedJson::count(const char* key) const {
  const int64_t number = whole(find(key));
  if (number < 0) refuse(key, "is not a whole number in range");
  return number;
}

int CheckedJson::index(const char* key) const {
  const int64_t number = whole(find(key));
  if (number < -1 || number > kMostSide) refuse(key, "is not an index");
  return static_cast<int>(number);
}

double CheckedJson::number(const char* key) const {
  const json& value = find(key);
  if (!value.is_number()) refuse(key, "is not a number");
  const auto number = value.get<double>();
  constexpr double kMost = 1e18;
  if (!(number >= 0 && number <= kMost)) refuse(key, "is out of range");
  return number;
}

std::string CheckedJson::text(const char* key) const {
  const json& value = find(key);
  if (!value.is_string()) refuse(key, "is not a text");
  return value.get<std::string>();
}

bool CheckedJson::flag(const char* key) const {
  if (!has(key)) return false;
  const json& value = find(key);
  if (!value.is_boolean()) refuse(key, "is neither true nor false");
  return value.get<bool>();
}

Box CheckedJson::box(const char* key) const {
  const json& value = find(key);
  if (!value.is_array() || value.size() != 6) {
    refuse(key, "is not a list of six numbers");
  }
  int sides[6];
  for (size_t i = 0; i < 6; ++i) {
    const int64_t side = whole(value[i]);
    if (side < 0 || side > kMostSide) refuse(key, "is out of range");
    sides[i] = static_cast<int>(side);
  }
  const Box box{sides[0], sides[1], sides[2], sides[3], sides[4], sides[5]};
  if (box.empty()) refuse(key, "is an empty box");
  return box;
}

void CheckedJson::each(
    const char* key,
    const std::function<void(const CheckedJson&)>& visit) const {
  const json& list = find(key);
  if (!list.is_array()) refuse(key, "is not a list");
  for (size_t i = 0; i < list.size(); ++i) {
    visit({list[i], where_ + "." + key + "[" + std::to_string(i) + "]", fix_});
  }
}

}  // namespace shoal
