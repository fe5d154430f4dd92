// All that the command line says. What comes from files and from nodes may be
// among it, so control characters are shown as \\xNN; and at the end everything
// must have arrived: a verb whose output is lost does not end in 0.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "host/base/error.h"
#include "host/base/table.h"

namespace shoal {

// Before anything is opened: descriptors 0 to 2 exist, so that no file is
// taken for one of them, and a file that may not grow is an error (EFBIG), not
// a signal.
void prepare_streams();

// As printf(3), on stdout. Lines that are wider than output_width() are broken
// at spaces when they have ended.
[[gnu::format(printf, 1, 2)]] void say(const char* format, ...);
void say_text(const std::string& text);
// Without breaking lines, for texts that are files.
void say_as_it_is(const std::string& text);
// The columns that fit.
void say_table(const TextTable&);
// The columns of a line on stdout: the terminal's, 80 if it is none; COLUMNS
// says otherwise, and --wide has no limit.
size_t output_width();
void show_all_columns();
// Valid whatever the names in it are made of.
void say_json(const nlohmann::json&);
// JSON that has been made already.
void say_json_text(const std::string& json);
// As printf(3), on stderr: notes and warnings. --quiet leaves them out.
[[gnu::format(printf, 1, 2)]] void tell(const char* format, ...);
// The same in place of what stands on a terminal's line.
void tell_over(const std::string& line);

// One line more on stderr, under --verbose.
void tell_more(const std::string& line);
enum class Loudness { kQuiet, kUsual, kVerbose };
void set_loudness(Loudness);
bool tells_little();  // --quiet
bool is_verbose();

// A field of text in a row of a CSV file.
std::string csv_field(const std::string& text);
// 0 of nothing.
double fraction(int64_t part, int64_t of);

// Until here everything has arrived. Throws Error(kInternal). A reader that
// has gone away ends the process before, by SIGPIPE, as it does other tools.
void flush_output();

// Another process speaks for this one: nothing is said from now on.
void be_quiet();

// From now on an error is one line of JSON on stderr:
// {"error": {"code", "kind", "message", "help"}}.
void print_errors_as_json();
bool prints_errors_as_json();
// The word of an exit code in that JSON, such as "does_not_fit".
const char* error_kind(Exit);

// {"code", "kind", "message", "help"}.
nlohmann::ordered_json error_json(const Error&);

// The one place that prints errors. Returns the exit code.
int report(const Error&);
// Prints the error also on a rank that is quiet otherwise; from any thread.
void report_aloud(const Error&);

}  // namespace shoal
