#include "host/cli/defaults_file.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/toml_reader.h"
#include "host/cli/help.h"

namespace shoal {
namespace {

constexpr const char* kName = "shoal.toml";

// Keys and trust, addresses, what is written, and what is no setting.
constexpr std::string_view kForbidden[] = {
    "key",      "store-key",  "node-key",      "identity", "coordinator",
    "insecure", "no-encrypt", "take-over",  // trust
    "workers",  "listen",     "serial",        "leader",   "cluster",
    "output",   "output-dir", "trace",         "pareto",   "timeline",
    "html",     "public",     "force",         "resume",   "store",
    "state",    "serve",      "mpi",           "help",     "help-all",
    "version",  "no-config",  "model-explorer"};

bool is_forbidden(const std::string& flag) {
  return std::ranges::count(kForbidden, flag) > 0;
}

CLI::App* verb_of(const std::vector<std::string>& words, CLI::App& app) {
  for (const std::string& word : words) {
    for (CLI::App* const verb : app.get_subcommands({})) {
      if (verb->get_name() == word) return verb;
    }
  }
  return nullptr;
}

CLI::Option* option_of(const std::string& key, CLI::App& app, CLI::App& verb) {
  CLI::Option* const own = verb.get_option_no_throw("--" + key);
  if (own && !own->get_positional()) return own;
  return app.get_option_no_throw("--" + key);
}

// The long names of the flags that a file may set for a verb.
std::vector<std::string> settable(const CLI::App& app, const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::App* const of : {&verb, &app}) {
    for (const std::string& flag : flag_names(*of)) {
      const std::string name = flag.substr(std::min<size_t>(2, flag.size()));
      if (flag.starts_with("--") && !is_forbidden(name)) names.push_back(name);
    }
  }
  return names;
}

// Reads one value of the file; those of a list are joined by commas.
std::string value_text(const toml::node& node, const std::string& place) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<int64_t>()) {
    return std::to_string(*number);
  }
  if (const auto real = node.value_exact<double>()) {
    return fmt::format("{}", *real);
  }
  if (const toml::array* const list = node.as_array()) {
    std::string all;
    for (const toml::node& one : *list) {
      if (one.is_array()) break;
      all += (all.empty() ? "" : ",") + value_text(one, place);
    }
    if (!all.empty()) return all;
  }
  throw Error(Exit::kUsage, place + " is not a text, a number or a list",
              "write its value as on the command line, in quotes");
}

struct FileSetting {
  CLI::Option* option;
  std::string name;   // "--ram"
  std::string value;  // empty of a flag without a value
  bool is_on = true;  // such a flag may be off
};

FileSetting read_setting(const std::string& path, const std::string& key,
                         const toml::node& node, CLI::App& app,
                         CLI::App& verb) {
  const std::string at = toml_place(path, node) + verb.get_name() + ": ";
  CLI::Option* const option = option_of(key, app, verb);
  if (option == nullptr) {
    const std::string nearest = nearest_word(key, settable(app, verb));
    throw Error(Exit::kUsage, at + "there is no flag --" + printable(key),
                nearest.empty()
                    ? "see `shoal " + verb.get_name() + " --help-all`"
                    : "did you mean `" + nearest + "`?");
  }
  if (is_forbidden(key)) {
    throw Error(Exit::kUsage, at + "a file cannot set --" + key,
                "give --" + key + " on the command line");
  }
  FileSetting setting{option, "--" + key, "", true};
  if (option->get_items_expected_max() == 0) {  // takes no value
    const auto on = node.value_exact<bool>();
    if (!on) {
      throw Error(Exit::kUsage, at + key + " is neither true nor false");
    }
    setting.is_on = *on;
  } else {
    setting.value = value_text(node, at + key);
  }
  return setting;
}

std::vector<FileSetting> read_table(const std::string& path,
                                    const toml::table& table, CLI::App& app,
                                    CLI::App& verb) {
  std::vector<FileSetting> settings;
  for (const auto& [key, node] : table) {
    settings.push_back(
        read_setting(path, std::string(key.str()), node, app, verb));
  }
  return settings;
}

// Returns whether the command line gives the option or one that excludes it.
bool is_given(const CLI::Option& option,
              const std::vector<std::string>& words) {
  const auto is_in = [&](const CLI::Option& o) {
    return std::ranges::any_of(words, [&](const std::string& word) {
      for (const std::string& name : o.get_lnames()) {
        if (word == "--" + name || word.starts_with("--" + name + "=")) {
          return true;
        }
      }
      for (const std::string& letter : o.get_snames()) {
        if (word.starts_with("-" + letter)) return true;
      }
      return false;
    });
  };
  if (is_in(option)) return true;
  const auto others = option.get_excludes();
  return std::ranges::any_of(
      others, [&](const CLI::Option* other) { return is_in(*other); });
}

// Shells run these wherever the user is.
bool needs_no_defaults(const std::string& verb) {
  return verb == "completion" || verb == "man";
}

bool is_no_command(const std::vector<std::string>& words) {
  constexpr std::string_view kWords[] = {"--help", "-h", "--help-all",
                                         "--version", "-V"};
  return std::ranges::any_of(words, [&](const std::string& word) {
    return std::ranges::count(kWords, word) > 0;
  });
}

}  // namespace

DefaultsFile DefaultsFile::find() {
  namespace fs = std::filesystem;
  std::vector<fs::path> places{kName};
  const char* const config = std::getenv("XDG_CONFIG_HOME");
  const char* const home = std::getenv("HOME");
  if (config && *config) {
    places.push_back(fs::path(config) / "shoal" / kName);
  } else if (home && *home) {
    places.push_back(fs::path(home) / ".config" / "shoal" / kName);
  }
  DefaultsFile file;
  for (const fs::path& place : places) {
    std::error_code error;
    if (!fs::exists(place, error)) continue;
    file.path_ = place.string();
    break;
  }
  return file;
}

std::vector<std::string> DefaultsFile::add_to(std::vector<std::string> words,
                                              CLI::App& app) {
  if (path_.empty() || is_no_command(words)) return words;
  CLI::App* const verb = verb_of(words, app);
  if (!verb || needs_no_defaults(verb->get_name())) return words;
  const std::vector<uint8_t> bytes = read_file(path_, files::kToml);
  const toml::table root = parse_toml(path_, {bytes.begin(), bytes.end()});
  for (const auto& [key, node] : root) {
    const std::string name(key.str());
    const toml::table* const table = node.as_table();
    CLI::App* const of = verb_of({name}, app);
    if (!of || !table) {
      throw Error(Exit::kUsage,
                  toml_place(path_, node) + "'" + printable(name) +
                      "' is not a table of a verb",
                  "put flags below a verb's name, such as [plan]");
    }
    for (const FileSetting& s : read_table(path_, *table, app, *of)) {
      if (of != verb || !s.is_on || is_given(*s.option, words)) continue;
      added_.push_back(s.name + (s.value.empty() ? "" : "=" + s.value));
    }
  }
  // Behind "--" all words are operands.
  words.insert(std::ranges::find(words, "--"), added_.begin(), added_.end());
  return words;
}

std::string DefaultsFile::advice(const std::string& message) const {
  std::string names;
  for (const std::string& word : added_) {
    const std::string name = word.substr(0, word.find('='));
    if (message.find(name) == message.npos) continue;
    names += (names.empty() ? "" : ", ") + name;
  }
  if (names.empty()) return names;
  return path_ + " sets " + names + "; --no-config ignores it";
}

}  // namespace shoal
