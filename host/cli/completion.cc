#include "host/cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shoal {
namespace {

enum class ValueKind { kNothing, kFile, kFolder };

// Returns what a placeholder's values name on a disk.
ValueKind kind_of(const std::string& placeholder) {
  if (placeholder == "DIR") return ValueKind::kFolder;
  const bool is_path = placeholder == "FILE" || placeholder == "PATH" ||
                       placeholder == "DATA" || placeholder == "DEVICE";
  return is_path ? ValueKind::kFile : ValueKind::kNothing;
}

std::string flag_words(const ListedVerb& verb) {
  std::string words;
  for (const ListedFlag& f : verb.flags) {
    words += (words.empty() ? "" : " ") + f.name;
    if (!f.letter.empty()) words += " " + f.letter;
  }
  return words;
}

std::vector<std::string> verb_words(const std::vector<ListedVerb>& verbs) {
  std::vector<std::string> names;
  for (const ListedVerb& v : verbs) {
    if (!v.name.empty()) names.push_back(v.name);
  }
  return names;
}

std::vector<std::string> operand_choices(const ListedVerb& verb) {
  for (const ListedOperand& o : verb.operands) {
    if (!o.choices.empty()) return o.choices;
  }
  return {};
}

// The case of a flag before the cursor, whose value is completed.
std::string bash_value(const ListedFlag& f) {
  std::string how = "_shoal_words ''";
  if (!f.choices.empty()) {
    how = fmt::format("_shoal_words '{}'", fmt::join(f.choices, " "));
  } else if (kind_of(f.placeholder) == ValueKind::kFolder) {
    how = "_shoal_folders";
  } else if (kind_of(f.placeholder) == ValueKind::kFile) {
    how = ":";  // files are the default
  }
  return fmt::format("        {}{}) {}; return ;;\n", f.name,
                     f.letter.empty() ? "" : "|" + f.letter, how);
}

std::string bash_verb(const ListedVerb& verb) {
  std::string text =
      fmt::format("    {})\n", verb.name.empty() ? "''" : verb.name);
  text += "      case $prev in\n";
  for (const ListedFlag& f : verb.flags) {
    if (!f.placeholder.empty()) text += bash_value(f);
  }
  text += fmt::format("      esac\n      flags='{}'\n", flag_words(verb));
  if (const auto words = operand_choices(verb); !words.empty()) {
    text += fmt::format("      words='{}'\n", fmt::join(words, " "));
  }
  return text + "      ;;\n";
}

constexpr char kBashBegin[] = R"(# bash completion for shoal

_shoal_words() {
  compopt +o default 2>/dev/null
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_shoal_folders() {
  COMPREPLY=($(compgen -d -- "$cur"))
}
_shoal() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev= verb= flags= words= i
  if ((COMP_CWORD > 0)); then prev=${COMP_WORDS[COMP_CWORD-1]}; fi
  # The flag of --flag=value: bash gives = as a word.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
)";

std::string bash_script(const std::vector<ListedVerb>& verbs) {
  const std::vector<std::string> names = verb_words(verbs);
  std::string text = kBashBegin;
  text += fmt::format("      {}) verb=${{COMP_WORDS[i]}}; break ;;\n",
                      fmt::join(names, "|"));
  text += "    esac\n  done\n  case $verb in\n";
  for (const ListedVerb& v : verbs) text += bash_verb(v);
  text += "  esac\n";
  text += fmt::format("  if [[ -z $verb ]]; then words='{} help'; fi\n",
                      fmt::join(names, " "));
  text +=
      "  if [[ $cur == -* ]]; then\n"
      "    _shoal_words \"$flags\"\n"
      "  elif [[ -n $words ]]; then\n"
      "    _shoal_words \"$words\"\n"
      "  fi\n"
      "}\n"
      "complete -o bashdefault -o default -F _shoal shoal\n";
  return text;
}

// Returns text for the inside of single quotes of a specification.
std::string quoted_for_zsh(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '[' || c == ']' || c == ':' || c == '\\') {
      out += std::string("\\") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string zsh_flag(const ListedFlag& f) {
  const std::string letters = f.letter.empty()
                                  ? ""
                                  : fmt::format("'({} {})'{{{},{}}}", f.letter,
                                                f.name, f.letter, f.name);
  std::string text =
      letters.empty() ? "'" + f.name : letters + "'";  // up to the text
  text += "[" + quoted_for_zsh(f.text) + "]";
  if (f.placeholder.empty()) return text + "'";
  text += ":" + quoted_for_zsh(f.placeholder) + ":";
  if (!f.choices.empty()) {
    text += fmt::format("({})", fmt::join(f.choices, " "));
  } else if (kind_of(f.placeholder) == ValueKind::kFolder) {
    text += "_files -/";
  } else if (kind_of(f.placeholder) == ValueKind::kFile) {
    text += "_files";
  } else {
    text += " ";
  }
  return text + "'";
}

std::string zsh_arguments(const ListedVerb& verb) {
  std::string text = "_arguments";
  for (const ListedFlag& f : verb.flags) {
    text += " \\\n          " + zsh_flag(f);
  }
  return text;
}

std::string zsh_script(const std::vector<ListedVerb>& verbs) {
  std::string text =
      "#compdef shoal\n\n_shoal() {\n  local curcontext=$curcontext state "
      "line\n  local -a verbs\n  verbs=(\n";
  for (const ListedVerb& v : verbs) {
    if (v.name.empty()) continue;
    text += fmt::format("    '{}:{}'\n", v.name, quoted_for_zsh(v.text));
  }
  text += "  )\n  " + zsh_arguments(verbs.front()) +
          " \\\n          '1:verb:->verb' '*::argument:->argument'\n"
          "  case $state in\n    verb) _describe verb verbs ;;\n"
          "    argument)\n      case $words[1] in\n";
  for (const ListedVerb& v : verbs) {
    if (v.name.empty()) continue;
    const auto words = operand_choices(v);
    text += fmt::format("        {})\n        {} \\\n          '*:{}' ;;\n",
                        v.name, zsh_arguments(v),
                        words.empty()
                            ? "file:_files"
                            : fmt::format("word:({})", fmt::join(words, " ")));
  }
  return text +
         "      esac\n      ;;\n  esac\n}\n\n"
         "if [[ $funcstack[1] == _shoal ]]; then _shoal \"$@\"; "
         "else compdef _shoal shoal; fi\n";
}

// Returns text for the inside of fish's single quotes.
std::string quoted_for_fish(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fish_flag(const ListedVerb& verb, const ListedFlag& f) {
  std::string text = "complete -c shoal";
  if (!verb.name.empty()) {
    text += " -n '__fish_seen_subcommand_from " + verb.name + "'";
  }
  if (!f.letter.empty()) text += " -s " + f.letter.substr(1);
  text += " -l " + f.name.substr(2);
  if (!f.placeholder.empty()) {
    if (!f.choices.empty()) {
      text += fmt::format(" -x -a '{}'", fmt::join(f.choices, " "));
    } else {
      text += kind_of(f.placeholder) == ValueKind::kNothing ? " -x" : " -rF";
    }
  }
  return text + " -d '" + quoted_for_fish(f.text) + "'\n";
}

std::string fish_script(const std::vector<ListedVerb>& verbs) {
  std::string text = "# fish completion for shoal\n";
  for (const ListedVerb& v : verbs) {
    if (!v.name.empty()) {
      text += fmt::format(
          "complete -c shoal -f -n __fish_use_subcommand -a {} -d '{}'\n",
          v.name, quoted_for_fish(v.text));
    }
    for (const ListedFlag& f : v.flags) text += fish_flag(v, f);
    if (const auto words = operand_choices(v); !words.empty()) {
      text += fmt::format(
          "complete -c shoal -n '__fish_seen_subcommand_from {}' -f -a "
          "'{}'\n",
          v.name, fmt::join(words, " "));
    }
  }
  return text;
}

}  // namespace

std::string completion_script(const std::vector<ListedVerb>& verbs,
                              const std::string& shell) {
  if (shell == "bash") return bash_script(verbs);
  return shell == "zsh" ? zsh_script(verbs) : fish_script(verbs);
}

}  // namespace shoal
