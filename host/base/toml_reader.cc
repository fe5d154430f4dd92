#define TOML_IMPLEMENTATION
#include "host/base/toml_reader.h"

#include <algorithm>
#include <cstdio>

#include "host/base/error.h"
#include "host/base/size.h"

namespace shoal {
namespace {

std::string number_text(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", v);
  return text;
}

std::string range_text(double low, double high) {
  return "must be from " + number_text(low) + " to " + number_text(high);
}

std::string place(const std::string& file, toml::source_index line) {
  return file + (line > 0 ? ":" + std::to_string(line) : "") + ": ";
}

// Behind the string that begins at `at`, or at its line's end.
size_t skip_string(const std::string& text, size_t at) {
  const char quote = text[at];
  const std::string triple(3, quote);
  const bool is_long = text.compare(at, 3, triple) == 0;
  for (at += is_long ? 3 : 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (is_long && text.compare(at, 3, triple) == 0) {
      return at + 3;
    } else if (!is_long && (text[at] == quote || text[at] == '\n')) {
      return at + (text[at] == quote ? 1 : 0);
    }
  }
  return text.size();
}

// Refuses texts that toml++ 3.3 must not be given. Outside of quotes and
// comments TOML is ASCII: of other letters there toml++ asks whether they are
// spaces, and has no defined answer for most of those below U+049A. And toml++
// calls itself for each part of a dotted key and for each list or table within
// another one, so that a long enough line would take all of the stack.
class TomlScan {
 public:
  TomlScan(const std::string& file, const std::string& text)
      : file_(file), text_(text) {}

  void run() {
    at_ = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '"' || c == '\'') {
        at_ = skip_string(text_, at_);
      } else {
        check(c);
        ++at_;
      }
    }
  }

 private:
  // Files of shoal's have three parts and two levels.
  static constexpr int kMostParts = 16, kMostLevels = 16;

  void check(char c) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      refuse("a character outside of ASCII that is not in quotes");
    }
    if (c == '[' || c == '{') ++levels_;
    if ((c == ']' || c == '}') && levels_ > 0) --levels_;
    if (levels_ > kMostLevels) {
      refuse("lists and tables within each other, more than " +
             std::to_string(kMostLevels));
    }
    if (c == '.') {
      if (++dots_ >= kMostParts) {
        refuse("a key of more than " + std::to_string(kMostParts) + " parts");
      }
    } else if (c == '\n' || c == '=' || c == ',' || c == '[' || c == '{') {
      dots_ = 0;
    }
  }

  [[noreturn]] void refuse(const std::string& why) const {
    const auto begin = text_.begin();
    const auto line =
        1 + std::count(begin, begin + static_cast<std::ptrdiff_t>(at_), '\n');
    throw Error(Exit::kUsage,
                place(file_, static_cast<toml::source_index>(line)) + why);
  }

  const std::string& file_;
  const std::string& text_;
  size_t at_ = 0;
  int levels_ = 0, dots_ = 0;
};

}  // namespace

toml::table parse_toml(const std::string& file, const std::string& text) {
  TomlScan(file, text).run();
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& e) {
    throw Error(Exit::kUsage, place(file, e.source().begin.line) +
                                  std::string(e.description()));
  } catch (const TomlAssertion& e) {
    throw Error(Exit::kUsage, file + ": " + e.what());
  }
}

std::string toml_place(const std::string& file, const toml::node& node) {
  return place(file, node.source().begin.line);
}

void TomlReader::fail(const char* key, const std::string& message,
                      const std::string& fix) const {
  const toml::node* at = table_.at_path(key).node();
  throw Error(Exit::kUsage,
              toml_place(file_, at ? *at : table_) +
                  (what_.empty() ? "" : what_ + ": ") + key + " " + message,
              fix);
}

const toml::node* TomlReader::node(const char* key) {
  const std::string path = key;
  asked_.insert(path.substr(0, path.find('.')));
  return table_.at_path(key).node();
}

bool TomlReader::has(const char* key) { return node(key) != nullptr; }

std::optional<std::string> TomlReader::text(const char* key) {
  const toml::node* at = node(key);
  if (!at) return std::nullopt;
  if (!at->is_string()) fail(key, "must be a text");
  return at->value<std::string>();
}

std::optional<bool> TomlReader::flag(const char* key) {
  const toml::node* at = node(key);
  if (!at) return std::nullopt;
  if (!at->is_boolean()) fail(key, "must be true or false");
  return at->value<bool>();
}

std::optional<double> TomlReader::number(const char* key, double low,
                                         double high) {
  const toml::node* at = node(key);
  if (!at) return std::nullopt;
  if (!at->is_number()) fail(key, "must be a number");
  const std::optional<double> v = at->value<double>();
  if (!v || !(*v >= low && *v <= high)) fail(key, range_text(low, high));
  return v;
}

std::optional<int> TomlReader::integer(const char* key, int low, int high) {
  const toml::node* at = node(key);
  if (!at) return std::nullopt;
  if (!at->is_integer()) fail(key, "must be a whole number");
  const std::optional<int64_t> v = at->value<int64_t>();
  if (!v || *v < low || *v > high) fail(key, range_text(low, high));
  return static_cast<int>(*v);
}

std::optional<int64_t> TomlReader::size(const char* key) {
  const toml::node* at = node(key);
  if (!at) return std::nullopt;
  int64_t bytes = 0;
  if (at->is_integer()) {
    bytes = at->value<int64_t>().value_or(0);
  } else if (at->is_string()) {
    try {
      bytes = parse_size(at->value<std::string>().value_or(""), key);
    } catch (const Error& e) {
      fail(key, "is not a size", e.fix());
    }
  } else {
    fail(key, "is not a size", "a number of bytes, or a text such as \"256K\"");
  }
  if (bytes < 1 || bytes > int64_t{1} << 50) {
    fail(key, "must be from 1 byte to 2^50");
  }
  return bytes;
}

std::optional<int64_t> TomlReader::size(const char* key, int64_t low,
                                        int64_t high) {
  const std::optional<int64_t> bytes = size(key);
  if (bytes && (*bytes < low || *bytes > high)) {
    fail(key, range_text(static_cast<double>(low), static_cast<double>(high)));
  }
  return bytes;
}

const toml::table* TomlReader::table(const char* key) {
  const toml::node* at = node(key);
  if (at && !at->is_table()) fail(key, "must be a table");
  return at ? at->as_table() : nullptr;
}

const toml::table& TomlReader::required_table(const char* key) {
  const toml::table* found = table(key);
  if (!found) fail(key, "is missing");
  return *found;
}

const toml::array* TomlReader::array(const char* key) {
  const toml::node* at = node(key);
  if (at && !at->is_array()) fail(key, "must be a list");
  return at ? at->as_array() : nullptr;
}

std::vector<const toml::table*> TomlReader::tables(const char* key) {
  std::vector<const toml::table*> all;
  const toml::node* at = node(key);
  if (!at) return all;
  if (!at->is_array_of_tables()) fail(key, "must be a list of tables");
  for (const toml::node& one : *at->as_array()) all.push_back(one.as_table());
  return all;
}

void TomlReader::finish() const {
  for (const auto& [key, value] : table_) {
    const std::string name(key.str());
    if (asked_.contains(name)) continue;
    std::string known;
    for (const std::string& k : asked_)
      known += (known.empty() ? "" : ", ") + k;
    throw Error(Exit::kUsage,
                toml_place(file_, value) + (what_.empty() ? "" : what_ + ": ") +
                    "unknown key '" + name + "'",
                "one of: " + known);
  }
}

}  // namespace shoal
