#include "host/engine/board/emulator.h"

namespace shoal {
namespace {

std::string compiler_packages(const Emulator& e) {
  const std::string arm =
      "gcc-arm-none-eabi, libnewlib-arm-none-eabi and "
      "libstdc++-arm-none-eabi-newlib";
  if (e.program == "qemu-system-arm") return arm;
  return "gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf, " + arm;
}

}  // namespace

std::vector<std::string> emulator_line(const FirmwareRun& run) {
  if (!run.board.emulator) {
    throw Error(Exit::kUsage, "board " + run.board.name + " has no emulator");
  }
  const std::filesystem::path file =
      run.build / "boards" / run.board.name / run.firmware;
  if (!std::filesystem::exists(file)) {
    // An installed shoal has no build folder around it.
    if (!std::filesystem::exists(run.build / "CMakeCache.txt")) {
      throw Error(Exit::kInternal,
                  "board " + run.board.name +
                      " cannot be emulated: this shoal is not in the folder "
                      "of its build, where the firmware is",
                  "in shoal's sources run tools/setup.sh tests, build "
                  "boards/firmware_" +
                      run.board.name + ", and use the shoal of that build");
    }
    throw Error(Exit::kInternal,
                file.string() + " is missing: this build has no firmware for " +
                    run.board.name,
                "install the packages " +
                    compiler_packages(*run.board.emulator) +
                    ", run tools/sources.sh, then `cmake " +
                    run.build.string() + " && ninja -C " + run.build.string() +
                    " boards/firmware_" + run.board.name + "`");
  }
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
