// shoal.toml: defaults for flags, a table a verb. Flags on the command line
// win; what is unknown is refused.
//
//   [plan]
//   board = "teensy41"
//   ram = "160K"
//
// A folder that was downloaded may hold such a file, so none can set keys, turn
// off encryption, name addresses or say what is written.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace shoal {

class DefaultsFile {
 public:
  // Looks for shoal.toml in this folder, then in $XDG_CONFIG_HOME/shoal (or
  // ~/.config/shoal). Nothing is read yet.
  static DefaultsFile find();

  // Empty if there is none.
  const std::string& path() const { return path_; }
  // Returns `words` (a command line without the program's name) and, behind
  // them, the flags that the file sets for their verb and they do not. Throws
  // Error(kUsage, kCorrupt) for a file that is wrong in any table.
  std::vector<std::string> add_to(std::vector<std::string> words,
                                  CLI::App& app);
  // The words that add_to() has added, such as "--ram=160K".
  const std::vector<std::string>& added() const { return added_; }
  // Returns advice about the flags of the file that `message` names; empty if
  // it names none.
  std::string advice(const std::string& message) const;

 private:
  std::string path_;
  std::vector<std::string> added_;
};

}  // namespace shoal
