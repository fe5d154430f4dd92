#include "host/cli/verb_list.h"

#include <CLI/CLI.hpp>

#include "host/board/board.h"
#include "host/cli/flag_table.h"
#include "host/cli/help.h"
#include "host/export/layouts.h"
#include "host/plan/cuts/cuts.h"

namespace shoal {
namespace {

// Returns the values of "{a,b}", as one_of() describes itself.
std::vector<std::string> words_in_braces(const std::string& text) {
  std::vector<std::string> words;
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') {
    return words;
  }
  size_t at = 1;
  while (at < text.size()) {
    const size_t end = std::min(text.find(',', at), text.size() - 1);
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::vector<std::string> choices_of(CLI::Option& o, const std::string& name) {
  if (name == "--board") return board_ids();
  if (name == "--strategy") {
    std::vector<std::string> names{"auto", "single"};
    names.insert(names.end(), strategy_names().begin(), strategy_names().end());
    return names;
  }
  std::vector<std::string> names;
  if (name == "--as") {
    for (const Ecosystem& e : ecosystems()) names.emplace_back(e.name);
    return names;
  }
  for (int i = 0;; ++i) {
    try {
      names = words_in_braces(o.get_validator(i)->get_description());
    } catch (const CLI::OptionNotFound&) {  // there are i validators
      return {};
    }
    if (!names.empty()) return names;
  }
}

ListedFlag list_flag(const CLI::App& verb, CLI::Option& o) {
  ListedFlag flag;
  const auto& longs = o.get_lnames();
  const auto& letters = o.get_snames();
  if (!longs.empty()) flag.name = "--" + longs.front();
  if (!letters.empty()) flag.letter = "-" + letters.front();
  const FlagStyle* const style = find_flag_style(verb.get_name(), flag.name);
  if (o.get_type_size() > 0) {
    flag.placeholder = style != nullptr ? style->placeholder : "VALUE";
  }
  flag.text = o.get_description() + default_of(o);
  flag.group = o.get_group();
  if (!flag.placeholder.empty()) flag.choices = choices_of(o, flag.name);
  return flag;
}

ListedVerb list_verb(CLI::App& app, const std::string& usage_name) {
  ListedVerb verb;
  verb.name = app.get_parent() == nullptr ? "" : app.get_name();
  verb.usage = usage_of(app, usage_name);
  verb.text = app.get_description();
  verb.example = app.get_footer();
  for (CLI::Option* const o : app.get_options({})) {
    if (o->get_positional()) {
      verb.operands.push_back(
          {o->get_name(true), o->get_description(), choices_of(*o, "")});
    } else {
      verb.flags.push_back(list_flag(app, *o));
    }
  }
  if (app.get_parent() == nullptr) return verb;
  // Flags of shoal itself may stand behind a verb.
  for (CLI::Option* const o : app.get_parent()->get_options({})) {
    const std::string& name = o->get_lnames().front();
    if (app.get_option_no_throw("--" + name) != nullptr) continue;
    if (name != "version") verb.flags.push_back(list_flag(app, *o));
  }
  return verb;
}

}  // namespace

std::vector<ListedVerb> list_verbs(CLI::App& app) {
  std::vector<ListedVerb> verbs{list_verb(app, "shoal")};
  for (CLI::App* const verb : app.get_subcommands({})) {
    verbs.push_back(list_verb(*verb, "shoal " + verb->get_name()));
  }
  return verbs;
}

}  // namespace shoal
