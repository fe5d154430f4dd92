// Reads a JSON file from outside: whatever is asked for is checked first, and
// an error names its place in the file.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "host/base/box.h"

namespace shoal {

// A value of such a file. All functions throw Error(kCorrupt) if the value has
// another form. The file's JSON must outlive it.
class CheckedJson {
 public:
  // `where` names it in errors, `fix` says how a good file is made.
  CheckedJson(const nlohmann::json& value, std::string where, const char* fix)
      : value_(value), where_(std::move(where)), fix_(fix) {}

  // Members of an object.
  bool has(const char* key) const;  // and it is not null
  CheckedJson member(const char* key) const;
  int64_t count(const char* key) const;  // a whole number, at least 0
  int index(const char* key) const;      // the same, or -1 for none
  double number(const char* key) const;  // finite, at least 0
  std::string text(const char* key) const;
  bool flag(const char* key) const;  // false if it is missing
  Box box(const char* key) const;    // within its own bounds

  // Calls visit(element) for each element of a list.
  void each(const char* key,
            const std::function<void(const CheckedJson&)>& visit) const;

  const nlohmann::json& value() const { return value_; }
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  const nlohmann::json& find(const char* key) const;
  [[noreturn]] void refuse(const char* key, const std::string& what) const;

  const nlohmann::json& value_;
  std::string where_;
  const char* fix_;
};

}  // namespace shoal
