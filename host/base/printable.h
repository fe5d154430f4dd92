// Text from outside (names of files, of tensors, labels, what a worker calls
// itself) as a terminal may have it: a control character could move its
// cursor, change its title or type for its user.
#pragma once

#include <string>
#include <string_view>

namespace shoal {

enum class Newlines { kEscaped, kKept };

// Makes text safe to print. UTF-8 stays; control characters (ASCII's except for
// the tab, U+0080 to U+009F), marks that turn the direction of writing, and
// bytes that are no UTF-8 become \n, \r or \xNN, byte by byte.
std::string printable(std::string_view text,
                      Newlines newlines = Newlines::kEscaped);

// Makes JSON text safe to print: control characters that are left in its
// strings become \u00NN, so that it stays the same JSON.
std::string printable_json(std::string_view json);

}  // namespace shoal
