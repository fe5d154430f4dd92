// For tests of the command line: runs the executable in a folder of its own
// and keeps all that it says.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/base/temporary_folder.h"

namespace shoal {

struct Told {
  int code = -1;  // 128 + signal if it was killed
  std::string out, err;
};

// Lives as long as one test; everything in it is removed at the end.
class Workshop {
 public:
  std::string path(const std::string& name) const;
  std::string write(const std::string& name,
                    const std::vector<uint8_t>& bytes) const;
  std::vector<uint8_t> read(const std::string& name) const;
  std::string read_text(const std::string& name) const;
  // Runs `shoal ARGUMENTS...` inside the folder. `out` replaces the file that
  // catches stdout.
  Told shoal(const std::vector<std::string>& arguments,
             const char* out = nullptr) const;
  // Runs lines of bash in the folder; $SHOAL is the executable.
  Told script(const std::string& lines) const;
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  Told run(const char* executable, const std::vector<std::string>& arguments,
           const char* out) const;

  TemporaryFolder folder_;
};

// `shoal ARGUMENTS...` that goes on beside the test, in its folder, until it is
// told to end; killed when this object goes.
class Background {
 public:
  // `err`: the file of the workshop that has its stderr; empty: that of the
  // test.
  Background(const Workshop&, std::vector<std::string> arguments,
             const std::string& err = {});
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // The next line of its stdout; empty if it ended or says nothing for long.
  std::string line();
  // Sends the signal and waits for the end: as Told::code.
  int end(int signal);
  pid_t id() const { return process_; }

 private:
  pid_t process_ = -1;
  int out_ = -1;
};

// Lines of a text without the empty one at the end.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace shoal
