// `shoal export` for the tools of others: every source compiles with the flags
// that the ecosystem uses, as far as Debian's compilers go, and manifests keep
// the written rules. Headers of the SDKs are declared here, as far as the
// applications use them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "host/engine/board/process.h"
#include "host/oracle/golden/checksum.h"
#include "tests/command.h"
#include "tests/needs.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string kModels = std::string(SHOAL_SOURCE_DIR) + "/models/";

struct Layout {
  const char* ecosystem;
  const char* board;
  const char* flags;    // as the ecosystem's, for Debian's compiler
  const char* folders;  // of include paths, from the project's root
};

constexpr Layout kLayouts[] = {
    {"c", "stm32h743", "-std=gnu++17 -mcpu=cortex-m7", "app shoal/src"},
    {"cmake", "rp2350", "-std=gnu++17 -mcpu=cortex-m33", "app shoal/src"},
    {"arduino", "teensy41", "-std=gnu++17 -fpermissive -mcpu=cortex-m7",
     "fashion_mobilenet_v2 Shoal/src"},
    {"platformio", "stm32f412", "-std=gnu++17 -mcpu=cortex-m4",
     "src lib/Shoal/src"},
    {"pico-sdk", "rp2040", "-std=gnu++17 -mcpu=cortex-m0plus", "app shoal/src"},
    {"esp-idf", "esp32s3", "-std=gnu++20 -mcpu=cortex-m33",
     "main components/shoal/src"},
    {"zephyr", "mps2-an385", "-std=gnu++17 -mcpu=cortex-m3", "src shoal/src"},
    {"stm32cube", "stm32f746", "-std=gnu++17 -mcpu=cortex-m7", "app shoal/src"},
};

void write_text(const Workshop& shop, const std::string& name,
                const std::string& text) {
  fs::create_directories(fs::path(shop.path(name)).parent_path());
  shop.write(name, {text.begin(), text.end()});
}

// What the applications use of the SDKs.
void write_sdk_headers(const Workshop& shop) {
  write_text(shop, "sdk/Arduino.h", R"(#pragma once
#include <stdint.h>
#include <stddef.h>
struct SerialOfStub {
  void begin(unsigned long);
  size_t write(const uint8_t*, size_t);
  int available();
  int read();
  explicit operator bool() const;
};
extern SerialOfStub Serial;
unsigned long millis(); unsigned long micros();
void delay(unsigned long); void yield();
)");
  write_text(shop, "sdk/pico/stdlib.h", R"(#pragma once
#include <stdint.h>
extern "C" {
bool stdio_init_all(); void stdio_flush(); int putchar_raw(int);
int getchar_timeout_us(uint32_t); void sleep_ms(uint32_t);
}
)");
  write_text(shop, "sdk/pico/stdio_usb.h",
             "#pragma once\nextern \"C\" bool stdio_usb_connected();\n");
  write_text(shop, "sdk/pico/time.h",
             "#pragma once\n#include <stdint.h>\n"
             "extern \"C\" uint64_t time_us_64();\n");
  write_text(shop, "sdk/driver/uart.h", R"(#pragma once
#include <stddef.h>
#include <stdint.h>
typedef int uart_port_t;
#define UART_NUM_0 0
extern "C" {
int uart_write_bytes(uart_port_t, const void*, size_t);
int uart_read_bytes(uart_port_t, void*, uint32_t, uint32_t);
int uart_driver_install(uart_port_t, int, int, int, void*, int);
}
)");
  write_text(shop, "sdk/esp_timer.h",
             "#pragma once\n#include <stdint.h>\n"
             "extern \"C\" int64_t esp_timer_get_time();\n");
  write_text(shop, "sdk/freertos/FreeRTOS.h", "#pragma once\n");
  write_text(shop, "sdk/freertos/task.h",
             "#pragma once\nextern \"C\" void vTaskDelay(unsigned);\n");
  write_text(shop, "sdk/zephyr/device.h", R"(#pragma once
struct device { int unused; };
extern const struct device console_of_stub;
#define DT_CHOSEN(x) x
#define DEVICE_DT_GET(x) &console_of_stub
)");
  write_text(shop, "sdk/zephyr/drivers/uart.h", R"(#pragma once
#include <zephyr/device.h>
extern "C" void uart_poll_out(const struct device*, unsigned char);
extern "C" int uart_poll_in(const struct device*, unsigned char*);
)");
  write_text(shop, "sdk/zephyr/kernel.h", R"(#pragma once
#include <stdint.h>
extern "C" { int64_t k_uptime_ticks(); void k_yield(); }
inline uint64_t k_ticks_to_us_floor64(uint64_t t) { return t; }
)");
  write_text(shop, "sdk/main.h", R"(#pragma once
#include <stdint.h>
struct UART_HandleTypeDef { int unused; };
enum HAL_StatusTypeDef { HAL_OK };
#define HAL_MAX_DELAY 0xFFFFFFFFu
extern "C" {
HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef*, const uint8_t*,
                                    uint16_t, uint32_t);
HAL_StatusTypeDef HAL_UART_Receive(UART_HandleTypeDef*, uint8_t*, uint16_t,
                                   uint32_t);
uint32_t HAL_GetTick();
}
struct SysTick_Type { volatile uint32_t CTRL, LOAD, VAL; };
#define SysTick (reinterpret_cast<SysTick_Type*>(0xE000E010u))
)");
}

std::vector<std::string> layout_words(const Layout& l,
                                      const std::string& folder) {
  return {"export",
          kModels + "fashion_mobilenet_v2.tflite",
          kModels + "samples/bag/0.png",
          "--labels",
          kModels + "fashion_labels.txt",
          "--as",
          l.ecosystem,
          "--board",
          l.board,
          "-o",
          folder};
}

class ExportedLayout : public testing::TestWithParam<Layout> {
 protected:
  // The project, a library that came as .zip unpacked beside it.
  void write_project() {
    const Layout& l = GetParam();
    const Told told = shop_.shoal(layout_words(l, "proj"));
    ASSERT_EQ(told.code, 0) << told.err;
    for (const auto& entry : fs::directory_iterator(shop_.path("proj"))) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(".zip")) continue;
      const Told unpacked =
          shop_.script("cd proj && python3 -m zipfile -e " + name + " .");
      ASSERT_EQ(unpacked.code, 0) << unpacked.err;
    }
  }
  std::string library() const {
    for (const char* folder : {"proj/shoal/", "proj/Shoal/", "proj/lib/Shoal/",
                               "proj/components/shoal/"}) {
      if (fs::exists(shop_.path(folder))) return folder;
    }
    return "";
  }
  Workshop shop_;
};

TEST_P(ExportedLayout, EverySourceCompiles) {
  need_programs({"arm-none-eabi-g++"});
  if (cannot_go_on()) return;
  const Layout& l = GetParam();
  ASSERT_NO_FATAL_FAILURE(write_project());
  write_sdk_headers(shop_);
  std::string includes = " -I../sdk";
  std::string folder;
  for (const char* at = l.folders;; ++at) {
    if (*at && *at != ' ') {
      folder += *at;
      continue;
    }
    includes += " -I" + folder;
    folder.clear();
    if (!*at) break;
  }
  const std::string launcher = has_program("ccache") ? "ccache " : "";
  const std::string common = launcher + "arm-none-eabi-g++ " + l.flags +
                             " -mthumb -O1 -fno-exceptions -fno-rtti -Wall "
                             "-Wextra -Werror -c -o $(basename $1).$$.o" +
                             includes;
  const Told told = shop_.script(
      "cd proj; compile() { case $1 in *.ino) " + common +
      " -x c++ $1;; *.S|*.c) arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Wall "
      "-Wextra -Werror -c -o /dev/null" +
      includes + " $1;; *) " + common +
      " $1;; esac; }; export -f compile;"
      "find . -name '*.cpp' -o -name '*.ino' -o -name '*.S' -o -name '*.c' |"
      "xargs -P 2 -I{} bash -c 'compile {} || { echo {}; exit 1; }'");
  EXPECT_EQ(told.code, 0) << told.out << told.err;
}

TEST_P(ExportedLayout, ManifestsKeepTheRules) {
  ASSERT_NO_FATAL_FAILURE(write_project());
  ASSERT_NE(library(), "");
  // Arduino: the fields that are required, and what they may hold.
  const std::string properties =
      shop_.read_text(library() + "library.properties");
  std::map<std::string, std::string> fields;
  for (const std::string& line : lines_of(properties)) {
    const size_t equals = line.find('=');
    ASSERT_NE(equals, line.npos) << line;
    fields[line.substr(0, equals)] = line.substr(equals + 1);
  }
  for (const char* required : {"name", "version", "author", "maintainer",
                               "sentence", "paragraph", "url"}) {
    EXPECT_FALSE(fields[required].empty()) << required;
  }
  EXPECT_TRUE(std::regex_match(fields["name"],
                               std::regex("[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}")));
  EXPECT_FALSE(fields["name"].starts_with("Arduino"));
  const std::regex semver("[0-9]+\\.[0-9]+\\.[0-9]+");
  EXPECT_TRUE(std::regex_match(fields["version"], semver));
  EXPECT_EQ(fields["category"], "Data Processing");
  EXPECT_EQ(fields["architectures"], "*");
  EXPECT_TRUE(fs::exists(shop_.path(library() + "src/" + fields["includes"])));
  EXPECT_TRUE(fs::exists(shop_.path(library() + "LICENSE")));
  // PlatformIO.
  const json pio = json::parse(shop_.read_text(library() + "library.json"));
  EXPECT_LE(pio["name"].get<std::string>().size(), 50u);
  EXPECT_EQ(pio["version"], fields["version"]);
  EXPECT_FALSE(pio["description"].get<std::string>().empty());
  // ESP-IDF, Zephyr.
  const std::string component =
      shop_.read_text(library() + "idf_component.yml");
  EXPECT_NE(component.find("version: \"" + fields["version"] + "\"\n"),
            std::string::npos);
  const std::string module = shop_.read_text(library() + "zephyr/module.yml");
  EXPECT_NE(module.find("name: shoal\n"), std::string::npos);
  // What is compiled is called so, everywhere.
  for (const auto& entry :
       fs::recursive_directory_iterator(shop_.path("proj"))) {
    const std::string name = entry.path().filename().string();
    EXPECT_FALSE(name.ends_with(".cc") || name.ends_with(".cxx")) << name;
    EXPECT_EQ(name.find(' '), name.npos) << name;
  }
  // Each source that a build file names is there.
  const std::string list = shop_.read_text(library() + "CMakeLists.txt");
  const std::regex source("src/[a-z0-9_/]+\\.cpp");
  int named = 0;
  for (std::sregex_iterator at(list.begin(), list.end(), source), end;
       at != end; ++at, ++named) {
    EXPECT_TRUE(fs::exists(shop_.path(library() + at->str()))) << at->str();
  }
  EXPECT_GT(named, 15);
}

// Files of the list are those that are there, with these hashes.
TEST_P(ExportedLayout, TheListIsWhatIsThere) {
  const Layout& l = GetParam();
  for (const char* folder : {"proj", "again"}) {
    ASSERT_EQ(shop_.shoal(layout_words(l, folder)).code, 0);
  }
  EXPECT_EQ(shop_.script("diff -r proj again").out, "");
  const std::string text = shop_.read_text("proj/export.json");
  EXPECT_EQ(text.find(shop_.folder().string()), text.npos);
  const json list = json::parse(text);
  EXPECT_EQ(list["as"], l.ecosystem);
  EXPECT_EQ(list["board"], l.board);
  std::set<std::string> listed{"export.json"};
  for (const json& file : list["files"]) {
    const std::string path = file["path"];
    listed.insert(path);
    const auto bytes = shop_.read("proj/" + path);
    EXPECT_EQ(file["bytes"], bytes.size());
    EXPECT_EQ(file["sha256"], sha256_hex(bytes));
  }
  std::set<std::string> there;
  for (const auto& entry :
       fs::recursive_directory_iterator(shop_.path("proj"))) {
    if (!entry.is_regular_file()) continue;
    there.insert(entry.path().lexically_relative(shop_.path("proj")));
  }
  EXPECT_EQ(listed, there);
}

INSTANTIATE_TEST_SUITE_P(All, ExportedLayout, testing::ValuesIn(kLayouts),
                         [](const testing::TestParamInfo<Layout>& info) {
                           std::string name = info.param.ecosystem;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace shoal
