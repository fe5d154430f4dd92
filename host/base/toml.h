// toml++, for all of the project. Version 3.3 asserts what a bad file may
// break ("[[[", a bracket where a value should be); here that is an exception
// like those of its other errors, with and without NDEBUG. Every file that
// needs toml++ includes it from here; toml_reader.cc alone has the parser.
#pragma once

#include <stdexcept>

namespace shoal {

struct TomlAssertion : std::runtime_error {
  TomlAssertion() : std::runtime_error("a key or a value is misplaced") {}
};
constexpr void require_toml(bool ok) {
  if (!ok) throw TomlAssertion();
}

}  // namespace shoal

#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) ::shoal::require_toml(!!(expr))
#define TOML_HEADER_ONLY 0
#define TOML_ENABLE_FORMATTERS 0  // nobody writes TOML by it
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
