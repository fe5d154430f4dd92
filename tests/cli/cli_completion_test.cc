// Completion scripts and manual pages have every verb and flag of the help.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/cli/listed_flags.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

class CliCompletion : public testing::Test {
 protected:
  std::string script(const std::string& shell) {
    return expect_ok(shop_, {"completion", shell}).out;
  }
  std::set<std::string> flags(const std::string& verb) {
    return listed_flags(expect_ok(shop_, {verb, "--help-all"}).out);
  }
  // Returns the words that bash offers for the last of `words`.
  std::vector<std::string> completed(const std::string& words) {
    const Told told = shop_.script(
        "source <($SHOAL completion bash)\n"
        "COMP_WORDS=(" +
        words +
        ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
        "_shoal\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.err, "");
    std::vector<std::string> lines = lines_of(told.out);
    std::erase(lines, "");
    return lines;
  }
  Workshop shop_;
};

using Words = std::vector<std::string>;

TEST_F(CliCompletion, BashIsOfferedEveryVerbAndFlag) {
  Words offered = completed("shoal ''");
  const Words verbs = listed_verbs(shop_);
  ASSERT_GE(verbs.size(), 22u);
  for (const std::string& verb : verbs) {
    EXPECT_EQ(std::ranges::count(offered, verb), 1) << verb;
  }
  // One script for all verbs: a shell and its source take their time.
  std::string lines = "source <($SHOAL completion bash)\n";
  for (const std::string& verb : verbs) {
    lines += "COMP_WORDS=(shoal " + verb +
             " --)\nCOMP_CWORD=2\n_shoal\necho \"" + verb +
             " ${COMPREPLY[*]} \"\n";
  }
  const Words told = lines_of(shop_.script(lines).out);
  ASSERT_EQ(told.size(), verbs.size());
  for (size_t i = 0; i < verbs.size(); ++i) {
    for (const std::string& flag : flags(verbs[i])) {
      EXPECT_NE(told[i].find(" " + flag + " "), told[i].npos)
          << verbs[i] << " " << flag;
    }
  }
}

TEST_F(CliCompletion, BashKnowsValues) {
  EXPECT_EQ(completed("shoal pl"), (Words{"plan"}));
  EXPECT_EQ(completed("shoal plan --objective l"), (Words{"latency"}));
  EXPECT_EQ(completed("shoal plan --objective = l"), (Words{"latency"}));
  EXPECT_EQ(completed("shoal plan --board teen"), (Words{"teensy41"}));
  EXPECT_EQ(completed("shoal run m.tflite --fit c"), (Words{"crop"}));
  EXPECT_EQ(completed("shoal man qua"), (Words{"quantize"}));
  EXPECT_EQ(completed("shoal export --as esp"), (Words{"esp-idf"}));
  EXPECT_EQ(completed("shoal plan --ram 3"), Words{});
  std::filesystem::create_directory(shop_.path("folder"));
  EXPECT_EQ(completed("shoal run --store fol"), (Words{"folder"}));
}

TEST_F(CliCompletion, OtherShellsHaveEveryVerbAndFlag) {
  const std::string zsh = script("zsh"), fish = script("fish");
  EXPECT_TRUE(zsh.starts_with("#compdef shoal\n"));
  for (const std::string& verb : listed_verbs(shop_)) {
    EXPECT_NE(zsh.find("\n    '" + verb + ":"), zsh.npos) << verb;
    EXPECT_NE(fish.find("-a " + verb + " -d "), fish.npos) << verb;
    const size_t begin = zsh.find("\n        " + verb + ")\n");
    ASSERT_NE(begin, zsh.npos) << verb;
    const std::string block = zsh.substr(begin, zsh.find(";;", begin) - begin);
    for (const std::string& flag : flags(verb)) {
      const bool has = block.find(flag + "[") != block.npos ||
                       block.find(flag + "}'[") != block.npos;
      EXPECT_TRUE(has) << "zsh " << verb << " " << flag;
      const std::string seen = "'__fish_seen_subcommand_from " + verb + "'";
      const bool in_fish =
          std::ranges::any_of(lines_of(fish), [&](const std::string& line) {
            return line.find(seen) != line.npos &&
                   line.find(" -l " + flag.substr(2) + " ") != line.npos;
          });
      EXPECT_TRUE(in_fish) << "fish " << verb << " " << flag;
    }
  }
  // The words of zsh and fish are in quotes that end where they begin.
  for (const std::string& text : {zsh, fish}) {
    for (std::string line : lines_of(text)) {
      for (size_t at; (at = line.find("\\'")) != line.npos;) line.erase(at, 2);
      EXPECT_EQ(std::ranges::count(line, '\'') % 2, 0) << line;
    }
  }
}

std::string without_escapes(std::string page) {
  for (const char* escape : {"\\fB", "\\fI", "\\fR"}) {
    for (size_t at; (at = page.find(escape)) != page.npos;) page.erase(at, 3);
  }
  std::erase(page, '\\');
  return page;
}

TEST_F(CliCompletion, ManualPagesHaveEveryVerbAndFlag) {
  const std::string whole = without_escapes(expect_ok(shop_, {"man"}).out);
  EXPECT_TRUE(whole.starts_with(".TH SHOAL 1 "));
  for (const std::string& verb : listed_verbs(shop_)) {
    EXPECT_NE(whole.find("\n.B " + verb + "\n"), whole.npos) << verb;
    EXPECT_NE(whole.find("shoal-" + verb + "(1)"), whole.npos) << verb;
    const std::string page =
        without_escapes(expect_ok(shop_, {"man", verb}).out);
    EXPECT_NE(page.find("\nshoal-" + verb + " - "), page.npos) << page;
    EXPECT_NE(page.find("\n.SH EXAMPLES\n"), page.npos) << verb;
    for (const std::string& flag : flags(verb)) {
      const bool has = page.find(flag + "\n") != page.npos ||
                       page.find(flag + " ") != page.npos;
      EXPECT_TRUE(has) << verb << " " << flag;
    }
  }
}

TEST_F(CliCompletion, UnknownShellsAndVerbsAreRefused) {
  expect_refused(shop_.shoal({"completion", "bahs"}), 2, "did you mean bash?");
  expect_refused(shop_.shoal({"completion"}), 2, "SHELL");
  expect_refused(shop_.shoal({"man", "pln"}), 2, "did you mean plan?");
}

TEST_F(CliCompletion, AnInstallationHasThem) {
  const Told told = shop_.script(
      "cmake -Dshoal=$SHOAL -Dpages=$PWD/pages -Dman=share/man -Ddata=share "
      "-DCMAKE_INSTALL_PREFIX=$PWD/usr -P " SHOAL_SOURCE_DIR
      "/cmake/install_pages.cmake");
  ASSERT_EQ(told.code, 0) << told.out << told.err;
  const std::string share = "usr/share/";
  EXPECT_EQ(shop_.read_text(share + "bash-completion/completions/shoal"),
            script("bash"));
  EXPECT_EQ(shop_.read_text(share + "zsh/site-functions/_shoal"),
            script("zsh"));
  EXPECT_EQ(shop_.read_text(share + "fish/vendor_completions.d/shoal.fish"),
            script("fish"));
  EXPECT_EQ(shop_.read_text(share + "man/man1/shoal.1"),
            expect_ok(shop_, {"man"}).out);
  for (const std::string& verb : listed_verbs(shop_)) {
    EXPECT_EQ(shop_.read_text(share + "man/man1/shoal-" + verb + ".1"),
              expect_ok(shop_, {"man", verb}).out);
  }
}

}  // namespace
}  // namespace shoal
