#include "host/program/store/json_fields.h"

#include <algorithm>
#include <cmath>

#include "host/base/error.h"

namespace shoal {
namespace {

constexpr size_t kLongestText = 4096;

}  // namespace

JsonFields::JsonFields(std::string where, const nlohmann::json& object)
    : where_(std::move(where)), object_(&object) {
  if (!object.is_object()) refuse("an object is expected");
}

void JsonFields::refuse(const std::string& what) const {
  throw Error(Exit::kCorrupt, where_ + ": " + what);
}

const nlohmann::json& JsonFields::field(const char* name) const {
  const auto at = object_->find(name);
  if (at == object_->end()) refuse(std::string(name) + " is missing");
  return *at;
}

const nlohmann::json& JsonFields::list(const char* name, size_t longest) const {
  const nlohmann::json& value = field(name);
  if (!value.is_array()) refuse(std::string(name) + " is not a list");
  if (value.size() > longest) refuse(std::string(name) + " is too long");
  return value;
}

int64_t JsonFields::number(const char* name, int64_t least,
                           int64_t most) const {
  const nlohmann::json& value = field(name);
  if (!value.is_number_integer() ||
      (value.is_number_unsigned() &&
       value.get<uint64_t>() > static_cast<uint64_t>(most)) ||
      value.get<int64_t>() < least || value.get<int64_t>() > most) {
    refuse(std::string(name) + " is not a number from " +
           std::to_string(least) + " to " + std::to_string(most));
  }
  return value.get<int64_t>();
}

double JsonFields::real(const char* name) const {
  const nlohmann::json& value = field(name);
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    refuse(std::string(name) + " is not a number");
  }
  return value.get<double>();
}

std::vector<double> JsonFields::reals(const char* name, size_t longest) const {
  std::vector<double> all;
  for (const nlohmann::json& value : list(name, longest)) {
    const nlohmann::json one{{name, value}};
    all.push_back(JsonFields(where_, one).real(name));
  }
  return all;
}

bool JsonFields::flag(const char* name) const {
  const nlohmann::json& value = field(name);
  if (!value.is_boolean()) refuse(std::string(name) + " is not true or false");
  return value.get<bool>();
}

std::string JsonFields::text(const char* name, size_t longest) const {
  const nlohmann::json& value = field(name);
  if (!value.is_string()) refuse(std::string(name) + " is not a text");
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > longest) refuse(std::string(name) + " is too long");
  return text;
}

std::string JsonFields::hex(const char* name, size_t digits) const {
  const std::string value = text(name, digits);
  const bool good = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (!good || value.size() != digits) {
    refuse(std::string(name) + " is not " + std::to_string(digits) +
           " hexadecimal digits");
  }
  return value;
}

std::vector<int> JsonFields::numbers(const char* name, int least, int most,
                                     size_t longest) const {
  std::vector<int> all;
  for (const nlohmann::json& value : list(name, longest)) {
    const nlohmann::json one{{name, value}};
    all.push_back(
        static_cast<int>(JsonFields(where_, one).number(name, least, most)));
  }
  return all;
}

std::vector<std::string> JsonFields::texts(const char* name,
                                           size_t longest) const {
  std::vector<std::string> all;
  for (const nlohmann::json& value : list(name, longest)) {
    const nlohmann::json one{{name, value}};
    all.push_back(JsonFields(where_, one).text(name, kLongestText));
  }
  return all;
}

std::vector<JsonFields> JsonFields::objects(const char* name,
                                            size_t longest) const {
  std::vector<JsonFields> all;
  for (const nlohmann::json& value : list(name, longest)) {
    all.emplace_back(
        where_ + ": " + name + "[" + std::to_string(all.size()) + "]", value);
  }
  return all;
}

}  // namespace shoal
