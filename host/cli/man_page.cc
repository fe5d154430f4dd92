#include "host/cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/cli/flag_table.h"

namespace shoal {
namespace {

// Returns text that roff prints as it is.
std::string roff(const std::string& text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    at_start = c == '\n';
  }
  return out;
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

// Returns the entry of a list: a label and its text.
std::string roff_entry(const std::string& label, const std::string& text) {
  return ".TP\n.B " + roff(label) + "\n" + roff(text) + "\n";
}

std::string roff_flag(const ListedFlag& f) {
  std::string text = ".TP\n";
  if (!f.letter.empty()) text += "\\fB" + roff(f.letter) + "\\fR, ";
  text += "\\fB" + roff(f.name) + "\\fR";
  if (!f.placeholder.empty()) text += " \\fI" + roff(f.placeholder) + "\\fR";
  text += "\n" + roff(f.text) + "\n";
  if (!f.choices.empty()) {
    std::string names;
    for (const std::string& c : f.choices) {
      names += (names.empty() ? "" : ", ") + c;
    }
    text += ".br\nOne of: " + roff(names) + ".\n";
  }
  return text;
}

std::string roff_flags(const ListedVerb& verb) {
  std::string text = ".SH OPTIONS\n";
  for (int g = 0; g < kFlagGroupCount; ++g) {
    std::string group;
    for (const ListedFlag& f : verb.flags) {
      if (f.group == kFlagGroups[g]) group += roff_flag(f);
    }
    if (!group.empty()) {
      text += std::string(".SS ") + kFlagGroups[g] + "\n" + group;
    }
  }
  return text;
}

constexpr const char* kExitCodes[][2] = {
    {"0", "success"},
    {"1", "an internal error, or too little memory on this computer"},
    {"2", "wrong usage: flags, files"},
    {"3", "the model does not fit, or a limit cannot be kept"},
    {"4", "the model has an operator that is not supported"},
    {"5", "results differ"},
    {"6", "a node does not answer or has failed"},
    {"7", "a file is corrupt"},
    {"8", "the command ran past \\-\\-timeout"},
    {"9", "another process owns what is wanted"}};

std::string exit_codes() {
  std::string text = ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : kExitCodes) {
    text += std::string(".TP\n.B ") + code + "\n" + meaning + "\n";
  }
  return text;
}

}  // namespace

std::string man_page(const std::vector<ListedVerb>& verbs,
                     const std::string& name) {
  const auto verb = std::ranges::find(verbs, name, &ListedVerb::name);
  const std::string page = name.empty() ? "shoal" : "shoal-" + name;
  std::string what = verb->text;
  if (what.starts_with("shoal: ")) what = what.substr(7);
  constexpr std::string_view kUsage = "Usage: ";
  std::string text = fmt::format(
      ".TH {} 1 \"\" \"shoal {}\" \"shoal\"\n.SH NAME\n{} \\- {}\n"
      ".SH SYNOPSIS\n.B {}\n",
      upper_case(page), SHOAL_VERSION, roff(page), roff(what),
      roff(verb->usage.substr(kUsage.size())));
  if (name.empty()) {
    text += ".SH VERBS\n";
    for (const ListedVerb& v : verbs) {
      if (!v.name.empty()) text += roff_entry(v.name, v.text);
    }
  }
  if (!verb->operands.empty()) text += ".SH ARGUMENTS\n";
  for (const ListedOperand& o : verb->operands)
    text += roff_entry(o.name, o.text);
  text += roff_flags(*verb);
  if (!verb->example.empty()) {
    const size_t line = verb->example.find('\n');
    text += ".SH EXAMPLES\n.nf\n" + roff(verb->example.substr(line + 1)) +
            "\n.fi\n";
  }
  text += exit_codes() + ".SH SEE ALSO\n";
  if (!name.empty()) return text + "shoal(1)\n";
  std::string pages;
  for (const ListedVerb& v : verbs) {
    if (v.name.empty()) continue;
    pages += (pages.empty() ? "" : ",\n") + roff("shoal-" + v.name) + "(1)";
  }
  return text + pages + "\n";
}

}  // namespace shoal
