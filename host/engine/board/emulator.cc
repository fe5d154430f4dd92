#include "host/engine/board/emulator.h"

#include <dlfcn.h>

#include <filesystem>
#include <optional>

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::string compiler_packages(const Emulator& e) {
  const std::string arm =
      "gcc-arm-none-eabi, libnewlib-arm-none-eabi and "
      "libstdc++-arm-none-eabi-newlib";
  if (e.program == "qemu-system-arm") return arm;
  return "gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf, " + arm;
}

// The folder of a build, or nothing: of an installation.
std::optional<fs::path> build_around(const fs::path& folder) {
  const fs::path build = folder.parent_path();
  if (!fs::exists(build / "CMakeCache.txt")) return std::nullopt;
  return build;
}

Error no_firmware(const FirmwareRun& run, const fs::path& file) {
  const std::string& board = run.board.name;
  const std::string target = "boards/firmware_" + board;
  if (const std::optional<fs::path> build = build_around(run.folder)) {
    return {
        Exit::kInternal,
        file.string() + " is missing: this build has no firmware for " + board,
        "install the packages " + compiler_packages(*run.board.emulator) +
            ", run tools/sources.sh, then `cmake " + build->string() +
            " && ninja -C " + build->string() + " " + target + "`"};
  }
  return {Exit::kInternal,
          "board " + board +
              " cannot be emulated: this shoal was installed without its "
              "firmware",
          "in shoal's sources run tools/setup.sh tests, build " + target +
              ", and install that build"};
}

}  // namespace

// Above the file of this code, which is the tool, a test or Python's module:
// PREFIX/share/shoal/boards if it is installed, else BUILD/boards.
fs::path firmware_folder() {
  constexpr char kOwn[] = "/proc/self/exe";
  // Emulators open their storage there, too (memory_file.h).
  if (!fs::exists(kOwn)) {
    throw Error(Exit::kUnsupported, "emulators need /proc, which is not there",
                "mount -t proc proc /proc");
  }
  static const char here = 0;
  Dl_info own{};
  const bool is_module = dladdr(&here, &own) != 0 && own.dli_fname &&
                         fs::path(own.dli_fname).extension() == ".so";
  const fs::path file =
      is_module ? fs::weakly_canonical(own.dli_fname) : fs::read_symlink(kOwn);
  // lib/python3/dist-packages/shoal/_core.so is as deep as it gets.
  constexpr int kMostAbove = 5;
  fs::path at = file;
  for (int i = 0; i < kMostAbove && at.has_relative_path(); ++i) {
    at = at.parent_path();
    const fs::path installed = at / "share" / "shoal" / "boards";
    if (fs::exists(installed)) return installed;
    if (fs::exists(at / "CMakeCache.txt")) return at / "boards";
  }
  return file.parent_path().parent_path() / "share" / "shoal" / "boards";
}

std::vector<std::string> emulator_line(const FirmwareRun& run) {
  if (!run.board.emulator) {
    throw Error(Exit::kUsage, "board " + run.board.name + " has no emulator");
  }
  const fs::path file = run.folder / run.board.name / run.firmware;
  if (!fs::exists(file)) throw no_firmware(run, file);
  const Emulator& e = *run.board.emulator;
  std::string semihosting = "enable=on,target=native";
  for (const std::string& argument : run.arguments) {
    semihosting += ",arg=" + argument;
  }
  std::vector<std::string> line = {e.program,
                                   "-M",
                                   e.machine,
                                   "-kernel",
                                   file.string(),
                                   "-nographic",
                                   "-monitor",
                                   "none",
                                   "-serial",
                                   "stdio",
                                   "-semihosting-config",
                                   semihosting};
  line.insert(line.end(), e.options.begin(), e.options.end());
  line.insert(line.end(), run.options.begin(), run.options.end());
  return line;
}

Ended run_firmware(const FirmwareRun& run,
                   const std::function<void(std::span<const uint8_t>)>& said) {
  std::vector<std::string> line = emulator_line(run);
  const std::string shift =
      "shift=" + std::to_string(run.board.emulator->icount_shift);
  line.insert(line.end(), {"-net", "none", "-icount", shift});
  return run_process(line, run.seconds, said);
}

void require_good_end(const FirmwareRun& run,
                      const std::optional<Error>& failure, bool done,
                      const Ended& ended) {
  if (failure) throw *failure;
  if (ended.timed_out) {
    throw Error(Exit::kNode, run.board.name + " did not end within " +
                                 std::to_string(run.seconds) + " s");
  }
  if (done && ended.code == 0) return;
  std::string text = run.board.name + " ended early (QEMU's exit code " +
                     std::to_string(ended.code) + ")";
  if (!ended.error_text.empty()) text += ": " + ended.error_text;
  throw Error(Exit::kNode, text);
}

}  // namespace shoal
