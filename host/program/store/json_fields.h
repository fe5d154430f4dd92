// Reads the fields of a JSON object from outside: each has its kind and its
// bounds, and whatever is wrong is named with its place.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace shoal {

class JsonFields {
 public:
  // `where`: "DIR/store.json: inputs[0]". The object must outlive this.
  JsonFields(std::string where, const nlohmann::json& object);

  int64_t number(const char* name, int64_t least, int64_t most) const;
  double real(const char* name) const;  // finite
  std::vector<double> reals(const char* name, size_t longest) const;
  bool has(const char* name) const { return object_->contains(name); }
  bool flag(const char* name) const;
  std::string text(const char* name, size_t longest) const;
  // `digits` hexadecimal digits.
  std::string hex(const char* name, size_t digits) const;
  std::vector<int> numbers(const char* name, int least, int most,
                           size_t longest) const;
  std::vector<std::string> texts(const char* name, size_t longest) const;
  std::vector<JsonFields> objects(const char* name, size_t longest) const;

  // Throws Error(kCorrupt).
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  const nlohmann::json& field(const char* name) const;
  const nlohmann::json& list(const char* name, size_t longest) const;

  std::string where_;
  const nlohmann::json* object_;
};

}  // namespace shoal
