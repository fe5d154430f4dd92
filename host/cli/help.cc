#include "host/cli/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "host/base/edit_distance.h"
#include "host/cli/flag_table.h"

namespace shoal {
namespace {

constexpr size_t kWidth = 80;
constexpr size_t kTextColumn = 22;

std::string long_name(const CLI::Option& o) {
  const std::vector<std::string>& names = o.get_lnames();
  return names.empty() ? std::string() : "--" + names.front();
}

// A line that begins with `left` and has `text` in the second column; what
// does not fit the width continues there.
std::string wrapped_line(const std::string& left, const std::string& text) {
  std::string line = "  " + left + "  ";
  if (line.size() < kTextColumn) line.append(kTextColumn - line.size(), ' ');
  const std::string margin(kTextColumn, ' ');
  std::string out;
  bool is_empty = true;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    if (line.size() + (is_empty ? 0 : 1) + word.size() > kWidth) {
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
      line = margin;
      is_empty = true;
    }
    line += (is_empty ? "" : " ") + word;
    is_empty = false;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return out + line + "\n";
}

// Returns the column left of a flag's text: "-o,--output FILE".
std::string flag_label(const CLI::Option& o, const FlagStyle* style) {
  std::string label;
  for (const std::string& s : o.get_snames()) label += "-" + s + ",";
  for (const std::string& l : o.get_lnames()) label += "--" + l + ",";
  label.pop_back();
  if (style != nullptr && *style->placeholder != '\0') {
    label += std::string(" ") + style->placeholder;
  } else if (o.get_type_size() > 0) {  // the table is wrong; a test sees it
    label += " " + o.get_type_name();
  }
  return label;
}

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    const bool shows_all = mode != CLI::AppFormatMode::Normal;
    std::string text = app->get_description() + "\n\n" + usage_of(*app, name) +
                       "\n" + operands(*app) + verbs(*app);
    bool hides = false;
    for (int g = 0; g < kFlagGroupCount; ++g) {
      text += group(*app, kFlagGroups[g], shows_all, hides);
    }
    if (const std::string footer = app->get_footer(); !footer.empty()) {
      text += "\n" + footer + "\n";
    }
    if (app->get_parent() == nullptr) return text;
    text += hides ? "\n`" + name +
                        " --help-all` lists all flags, `shoal --help` the "
                        "general ones.\n"
                  : "\n`shoal --help` lists the general flags.\n";
    return text;
  }

 private:
  static std::string operands(const CLI::App& app) {
    std::string text;
    for (const CLI::Option* const o : app.get_options()) {
      if (!o->get_positional()) continue;
      text += wrapped_line(o->get_name(true), o->get_description());
    }
    return text.empty() ? text : "\nArguments:\n" + text;
  }
  static std::string verbs(const CLI::App& app) {
    std::string text;
    for (const CLI::App* const verb : app.get_subcommands({})) {
      text += wrapped_line(verb->get_name(), verb->get_description());
    }
    return text.empty() ? text : "\nVerbs:\n" + text;
  }
  static std::string group(const CLI::App& app, const std::string& group,
                           bool shows_all, bool& hides) {
    std::string text;
    for (const CLI::Option* const o : app.get_options()) {
      if (o->get_positional() || o->get_group() != group) continue;
      const FlagStyle* const style =
          find_flag_style(app.get_name(), long_name(*o));
      if (style != nullptr && style->is_rare && !shows_all) {
        hides = true;
        continue;
      }
      text += wrapped_line(flag_label(*o, style),
                           o->get_description() + default_of(*o));
    }
    return text.empty() ? text : "\n" + group + ":\n" + text;
  }
};

void style_verb(CLI::App& verb) {
  for (CLI::Option* const o : verb.get_options({})) {
    if (o->get_positional()) continue;
    const FlagStyle* const style =
        find_flag_style(verb.get_name(), long_name(*o));
    if (style == nullptr) {  // shown all the same
      o->group("General");
      continue;
    }
    o->group(style->group);
    if (*style->placeholder != '\0') o->type_name(style->placeholder);
  }
}

}  // namespace

std::string default_of(const CLI::Option& o) {
  std::string value = o.get_default_str();
  if (value.size() > 1 && value.front() == '[') {
    value = value.substr(1, value.size() - 2);
  }
  return value.empty() ? value : " [" + value + "]";
}

std::string usage_of(const CLI::App& app, const std::string& name) {
  std::string line = "Usage: " + name;
  if (app.get_parent() == nullptr) return line + " VERB [FLAGS]";
  line += " [FLAGS]";
  for (const CLI::Option* const o : app.get_options()) {
    if (!o->get_positional()) continue;
    std::string operand = o->get_name(true);
    if (o->get_expected_max() > 1) operand += "...";
    line += o->get_required() ? " " + operand : " [" + operand + "]";
  }
  return line;
}

void style_help(CLI::App& app) {
  const auto formatter = std::make_shared<HelpFormatter>();
  app.formatter(formatter);
  style_verb(app);
  for (CLI::App* const verb : app.get_subcommands({})) {
    verb->formatter(formatter);
    style_verb(*verb);
  }
}

std::string nearest_word(const std::string& word,
                         const std::vector<std::string>& words) {
  constexpr size_t kMostLetters = 2;
  constexpr size_t kLongestWord = 64;  // the distance takes their product
  std::string nearest;
  if (word.size() > kLongestWord) return nearest;
  size_t least = kMostLetters + 1;
  for (const std::string& w : words) {
    const size_t letters = edit_distance(word, w);
    if (letters >= std::min(least, word.size())) continue;
    least = letters;
    nearest = w;
  }
  return nearest;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* const o : app.get_options()) {
    for (const std::string& l : o->get_lnames()) names.push_back("--" + l);
    for (const std::string& s : o->get_snames()) names.push_back("-" + s);
  }
  return names;
}

}  // namespace shoal
