#include "host/cli/generated_verbs.h"

#include <CLI/CLI.hpp>

#include "host/cli/completion.h"
#include "host/cli/flags.h"
#include "host/cli/man_page.h"
#include "host/cli/output.h"
#include "host/cli/verb_list.h"

namespace shoal {
namespace {

void add_completion(CLI::App& app, GeneratedFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "completion", "Print a script that completes shoal's flags",
      "source <(shoal completion bash)\n"
      "  shoal completion fish > ~/.config/fish/completions/shoal.fish");
  verb->add_option("SHELL", f.shell, "bash, zsh or fish")
      ->required()
      ->check(one_of({"bash", "zsh", "fish"}));
  verb->callback([&app, &f, &code] {
    say_as_it_is(completion_script(list_verbs(app), f.shell));
    code = 0;
  });
}

}  // namespace

void add_generated(CLI::App& app, GeneratedFlags& f, int& code) {
  add_completion(app, f, code);
  CLI::App* const verb =
      add_verb(app, "man", "Print the manual page of shoal or of a verb",
               "shoal man plan | man -l -");
  std::vector<std::string> names{verb->get_name()};
  for (const CLI::App* const v : app.get_subcommands({})) {
    names.push_back(v->get_name());
  }
  verb->add_option("VERB", f.verb, "Verb [shoal itself]")->check(one_of(names));
  verb->callback([&app, &f, &code] {
    say_as_it_is(man_page(list_verbs(app), f.verb));
    code = 0;
  });
}

}  // namespace shoal
