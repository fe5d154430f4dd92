// Reads the keys of one table of a TOML file. Errors are Error(kUsage) and
// name the file, the line and the key. Heavy: toml++ comes with it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/base/toml.h"

namespace shoal {

toml::table parse_toml(const std::string& file, const std::string& text);

// "cluster.toml:12: " of a node; without the line where there is none.
std::string toml_place(const std::string& file, const toml::node&);

// Getters return nothing for a key that is missing and throw for one of the
// wrong kind or out of range; required() throws for a missing one, too. A key
// may be a path ("link.name"). The table must outlive its reader.
class TomlReader {
 public:
  // `what` is for messages, such as "node 'a'"; it may be empty.
  TomlReader(std::string file, const toml::table& table, std::string what)
      : file_(std::move(file)), table_(table), what_(std::move(what)) {}

  bool has(const char* key);
  std::optional<std::string> text(const char* key);
  std::optional<bool> flag(const char* key);
  std::optional<double> number(const char* key, double low, double high);
  std::optional<int> integer(const char* key, int low, int high);
  // Reads a number of bytes or a text such as "256K"; at least 1.
  std::optional<int64_t> size(const char* key);
  std::optional<int64_t> size(const char* key, int64_t low, int64_t high);
  const toml::table* table(const char* key);
  const toml::table& required_table(const char* key);
  const toml::array* array(const char* key);
  const toml::node* node(const char* key);
  // Returns the tables of a list of tables; empty if the key is missing.
  std::vector<const toml::table*> tables(const char* key);

  template <class T>
  T required(std::optional<T> value, const char* key) const {
    if (!value) fail(key, "is missing");
    return *std::move(value);
  }

  // Refuses keys that were not read.
  void finish() const;
  [[noreturn]] void fail(const char* key, const std::string& message,
                         const std::string& fix = {}) const;
  void rename(std::string what) { what_ = std::move(what); }
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  const toml::table& table_;
  std::string what_;
  std::set<std::string> asked_;
};

}  // namespace shoal
