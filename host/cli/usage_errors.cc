#include "host/cli/usage_errors.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/cli/help.h"

namespace shoal {
namespace {

// Says in a sentence what CLI11 says in fragments such as "--ram: 1 required
// SIZE missing".
std::string sentence_of(const std::string& what) {
  const auto parts = [&](std::string_view begin, std::string_view middle)
      -> std::optional<std::pair<std::string, std::string>> {
    if (!what.starts_with(begin)) return std::nullopt;
    const size_t at = what.find(middle, begin.size());
    if (at == what.npos) return std::nullopt;
    return std::pair(what.substr(begin.size(), at - begin.size()),
                     what.substr(at + middle.size()));
  };
  if (const auto p = parts("", ": 1 required ")) {
    return p->first + " needs a value";
  }
  if (const auto p = parts("", ": At Most 1 required but received ")) {
    return p->first + " is given " + p->second + " times";
  }
  if (const auto p = parts("", ": Value ")) {
    std::string range = p->second;  // "0 not in range 1 to 100"
    const size_t at = range.find(" not in range ");
    if (at != range.npos) {
      return p->first + ": " + range.substr(0, at) + " is not in the range " +
             range.substr(at + 14);
    }
  }
  if (const auto p = parts("Could not convert: ", " = ")) {
    return p->first + ": '" + printable(p->second) + "' is not a number";
  }
  if (const auto p = parts("", " excludes ")) {
    return p->first + " and " + p->second + " exclude each other";
  }
  return what;
}

// Returns the word that begins with `beginning`, if there is just one.
std::string only_word_from(const std::string& beginning,
                           const std::vector<std::string>& words) {
  std::string found;
  for (const std::string& word : words) {
    if (beginning.empty() || !word.starts_with(beginning)) continue;
    if (!found.empty()) return "";
    found = word;
  }
  return found;
}

}  // namespace

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const verb : app.get_subcommands({})) {
    names.push_back(verb->get_name());
  }
  return names;
}

[[noreturn]] void refuse_verb(const CLI::App& app, const std::string& word) {
  const std::vector<std::string> verbs = verb_names(app);
  std::string meant = only_word_from(word, verbs);
  if (meant.empty()) meant = nearest_word(word, verbs);
  throw Error(Exit::kUsage, "'" + printable(word) + "' is not a verb",
              meant.empty() ? "see `shoal --help`"
                            : "did you mean `shoal " + meant +
                                  "`? `shoal --help` lists all verbs");
}

// CLI11 lists all words behind a verb that it does not know.
void refuse_unknown_verb(const CLI::App& app, int argc, char** argv) {
  if (!app.get_subcommands().empty()) return;
  const std::vector<std::string> left = app.remaining();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (std::string_view(argv[i - 1]) == "--timeout") continue;
    if (std::ranges::count(left, word) == 0) continue;
    if (word.starts_with("-")) {
      throw Error(Exit::kUsage,
                  "'" + printable(word) + "' comes before the verb",
                  "see `shoal --help`");
    }
    refuse_verb(app, word);
  }
}

// Names the first flag that the verb lacks, and the nearest that it has.
void refuse_unknown_flag(const CLI::App& app) {
  const CLI::App& verb = *app.get_subcommands().front();
  const std::string& name = verb.get_name();
  for (const std::string& given : app.remaining(true)) {
    const std::string flag = given.substr(0, given.find('='));
    if (!flag.starts_with("-") || flag.size() < 2) continue;
    std::vector<std::string> names = flag_names(verb);
    std::ranges::copy(flag_names(app), std::back_inserter(names));
    const std::string nearest = nearest_word(flag, names);
    throw Error(Exit::kUsage,
                "shoal " + name + " has no flag " + printable(flag),
                nearest.empty() ? "see `shoal " + name + " --help-all`"
                                : "did you mean `" + nearest + "`?");
  }
}

void refuse_missing_value(const CLI::App& app,
                          const std::vector<std::string>& words) {
  const bool has_verb =
      !words.empty() && std::ranges::count(verb_names(app), words[0]) > 0;
  for (const std::string& word : words) {
    if (word == "--") return;
    if (!word.starts_with("--") || word.find('=') != word.size() - 1) continue;
    throw Error(Exit::kUsage,
                printable(word.substr(0, word.size() - 1)) + " needs a value",
                "see `shoal " + (has_verb ? words[0] + " " : "") + "--help`");
  }
}

std::string example_of_verb(const CLI::App& app, const Error& error) {
  const std::string what = error.what();
  if (error.code() != Exit::kUsage || !what.ends_with(" is required") ||
      app.get_subcommands().empty()) {
    return "";
  }
  const std::string footer = app.get_subcommands().front()->get_footer();
  const size_t first = footer.find("\n  ");  // behind "Example:"
  if (first == footer.npos) return "";
  const size_t begin = first + 3;
  const size_t end = std::min(footer.find('\n', begin), footer.size());
  return "for example `" + footer.substr(begin, end - begin) + "`";
}

// Reports what CLI11 refuses in a command line. The advice, if a validator
// gives any, is behind a line break (one_of()).
[[noreturn]] void refuse_usage(const CLI::App& app,
                               const CLI::ParseError& error) {
  std::string help = "shoal ";
  if (!app.get_subcommands().empty()) {
    help += app.get_subcommands().front()->get_name() + " ";
  }
  help = "see `" + help + "--help`";
  const std::string what = error.what();
  const size_t line = what.find('\n');
  if (line == what.npos) throw Error(Exit::kUsage, sentence_of(what), help);
  throw Error(Exit::kUsage, what.substr(0, line), what.substr(line + 1));
}

}  // namespace shoal
