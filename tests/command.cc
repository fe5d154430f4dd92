#include "tests/command.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace shoal {
namespace {

// In the child: nothing but system calls.
[[noreturn]] void become(const char* folder, const char* out, const char* err,
                         char** arguments) {
  constexpr int kMode = O_WRONLY | O_CREAT | O_TRUNC;
  const int out_file = open(out, kMode, 0600);
  const int err_file = open(err, kMode, 0600);
  if (out_file < 0 || err_file < 0 || dup2(out_file, 1) < 0 ||
      dup2(err_file, 2) < 0 || chdir(folder) != 0) {
    _exit(126);
  }
  execv(SHOAL_EXECUTABLE, arguments);
  _exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Workshop::Workshop() {
  std::string name =
      (std::filesystem::temp_directory_path() / "shoal_test_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  folder_ = name;
}

Workshop::~Workshop() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Workshop::path(const std::string& name) const {
  return (folder_ / name).string();
}

std::string Workshop::write(const std::string& name,
                            const std::vector<uint8_t>& bytes) const {
  std::ofstream file(folder_ / name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + name);
  return name;
}

std::string Workshop::read_text(const std::string& name) const {
  std::ifstream file(folder_ / name, std::ios::binary);
  if (!file) throw std::runtime_error("there is no " + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<uint8_t> Workshop::read(const std::string& name) const {
  const std::string text = read_text(name);
  return {text.begin(), text.end()};
}

Told Workshop::shoal(const std::vector<std::string>& arguments,
                     const char* out) const {
  std::vector<std::string> all{"shoal"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& argument : all) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const std::string out_path = out ? out : path(".stdout");
  const std::string err_path = path(".stderr");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    become(folder_.c_str(), out_path.c_str(), err_path.c_str(),
           pointers.data());
  }
  Told told;
  told.code = wait_for(child);
  if (!out) told.out = read_text(".stdout");
  told.err = read_text(".stderr");
  return told;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace shoal
