#include "host/cli/output.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/descriptor.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/cli/verb_listener.h"

namespace shoal {
namespace {

std::string formatted(const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  std::string text(static_cast<size_t>(length > 0 ? length : 0), 0);
  std::vsnprintf(text.data(), text.size() + 1, format, arguments);
  return text;
}

// The reason why stdout has failed first; later ones may be others.
int& output_error() {
  static int error = 0;
  return error;
}

bool& is_quiet() {
  static bool quiet = false;
  return quiet;
}

bool& errors_are_json() {
  static bool json = false;
  return json;
}

bool& is_wide() {
  static bool wide = false;
  return wide;
}

Loudness& loudness() {
  static Loudness how_loud = Loudness::kUsual;
  return how_loud;
}

// Returns whether stderr may have colours.
bool has_colours() {
  const char* const none = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && (!none || !*none) && terminal &&
         std::string_view(terminal) != "dumb";
}

// Returns the columns of a line: those that COLUMNS says, else the terminal's,
// else 80.
size_t width_of(int descriptor) {
  if (is_wide()) return kAnyWidth;
  constexpr size_t kUsual = 80, kLeast = 20;
  if (const char* const text = std::getenv("COLUMNS")) {
    size_t columns = 0;
    const char* const end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, columns);
    if (error == std::errc() && rest == end && columns >= kLeast) {
      return columns;
    }
  }
  winsize size{};
  const bool is_known = isatty(descriptor) == 1 &&
                        ioctl(descriptor, TIOCGWINSZ, &size) == 0 &&
                        size.ws_col >= kLeast;
  return is_known ? size.ws_col : kUsual;
}

// The line of stdout that has not ended yet.
std::string& begun_line() {
  static thread_local std::string line;
  return line;
}

// Returns false, and forgets what was not written, if nobody reads stdout any
// more though the process is to end.
bool await_reader_of_stdout() {
  if (await_reader(STDOUT_FILENO)) return true;
  if (output_error() == 0) output_error() = EINTR;
  __fpurge(stdout);
  return false;
}

void put(const std::string& text) {
  if (VerbListener* const listener = VerbListening::current()) {
    return listener->printed(text);
  }
  if (is_quiet()) return;
  errno = 0;
  // So long that the stream writes its buffer once at most.
  constexpr size_t kPart = kReaderTakes - 1;
  for (size_t at = 0; at < text.size();) {
    const size_t part = std::min(text.size() - at, kPart);
    if (!await_reader_of_stdout()) return;
    if (std::fwrite(text.data() + at, 1, part, stdout) != part) {
      if (output_error() == 0) output_error() = errno;
      return;
    }
    at += part;
  }
}

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

double fraction(int64_t part, int64_t of) {
  return of > 0 ? static_cast<double>(part) / static_cast<double>(of) : 0;
}

void prepare_streams() {
  std::signal(SIGXFSZ, SIG_IGN);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest number that is free is this one. The wrong way round, so that
    // its use fails as it would have.
    const int way = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    static_cast<void>(open("/dev/null", way));
  }
}

void say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const std::string text = formatted(format, arguments);
  va_end(arguments);
  say_text(text);
}

void say_text(const std::string& text) {
  std::string& line = begun_line();
  line += text;
  const size_t end = line.rfind('\n');
  if (end == line.npos) return;
  const std::string whole = line.substr(0, end + 1);
  line.erase(0, end + 1);
  put(wrap_lines(printable(whole, Newlines::kKept), output_width()));
}

void say_as_it_is(const std::string& text) {
  put(printable(text, Newlines::kKept));
}

void say_table(const TextTable& table) { say_text(table.text(output_width())); }

size_t output_width() { return width_of(STDOUT_FILENO); }

void show_all_columns() { is_wide() = true; }

void say_json(const nlohmann::json& json) {
  say_json_text(
      json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
      "\n");
}

void say_json_text(const std::string& json) { put(printable_json(json)); }

void tell(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const std::string whole =
      printable(formatted(format, arguments), Newlines::kKept);
  va_end(arguments);
  if (VerbListener* const listener = VerbListening::current()) {
    return listener->told(whole);
  }
  const std::string text = wrap_lines(whole, width_of(STDERR_FILENO));
  if (!is_quiet() && !tells_little()) std::fputs(text.c_str(), stderr);
}

void tell_more(const std::string& line) {
  if (is_verbose()) tell("%s\n", line.c_str());
}

bool is_verbose() { return loudness() == Loudness::kVerbose; }

void set_loudness(Loudness how_loud) { loudness() = how_loud; }

bool tells_little() { return loudness() == Loudness::kQuiet; }

void tell_over(const std::string& line) {
  if (is_quiet() || VerbListening::current()) return;
  const std::string text = printable(line, Newlines::kKept);
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

void be_quiet() { is_quiet() = true; }

void flush_output() {
  put(std::exchange(begun_line(), {}));
  errno = 0;
  if (await_reader_of_stdout() && std::fflush(stdout) != 0 &&
      output_error() == 0) {
    output_error() = errno;
  }
  const int error = output_error();
  if (error == 0 && std::ferror(stdout) == 0) return;
  throw Error(Exit::kInternal,
              "stdout: cannot be written" +
                  (error == 0 ? "" : ": " + error_text(error)));
}

const char* error_kind(Exit code) {
  switch (code) {
    case Exit::kOk:
      return "ok";
    case Exit::kInternal:
      return "internal";
    case Exit::kUsage:
      return "usage";
    case Exit::kDoesNotFit:
      return "does_not_fit";
    case Exit::kUnsupported:
      return "unsupported";
    case Exit::kDiffers:
      return "differs";
    case Exit::kNode:
      return "node";
    case Exit::kCorrupt:
      return "corrupt";
    case Exit::kTimeout:
      return "timeout";
    case Exit::kBusy:
      return "busy";
  }
  return "internal";
}

void print_errors_as_json() { errors_are_json() = true; }

bool prints_errors_as_json() { return errors_are_json(); }

nlohmann::ordered_json error_json(const Error& e) {
  return {{"code", static_cast<int>(e.code())},
          {"kind", error_kind(e.code())},
          {"message", e.what()},
          {"help", e.fix()}};
}

void report_aloud(const Error& e) {
  if (errors_are_json()) {
    const nlohmann::ordered_json error{{"error", error_json(e)}};
    const std::string json =
        error.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    std::fputs((printable_json(json) + "\n").c_str(), stderr);
    return;
  }
  constexpr std::string_view kName = "shoal: ";
  const size_t width = width_of(STDERR_FILENO);
  std::string text = wrap_lines(
      printable(std::string(kName) + e.what() + "\n", Newlines::kKept), width,
      kName.size());
  if (!e.fix().empty()) {
    text +=
        wrap_lines(printable("  " + e.fix() + "\n", Newlines::kKept), width);
  }
  if (has_colours()) {
    constexpr size_t kWord = kName.size() - 1;  // up to the colon
    text =
        "\033[1;31m" + text.substr(0, kWord) + "\033[0m" + text.substr(kWord);
  }
  std::fputs(text.c_str(), stderr);
}

int report(const Error& e) {
  if (!is_quiet()) report_aloud(e);
  return static_cast<int>(e.code());
}

}  // namespace shoal
