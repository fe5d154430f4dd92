#include "tests/sdk_headers.h"

#include <filesystem>

#include "host/base/temporary_folder.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

void write_text(const Workshop& shop, const std::string& name,
                const std::string& text) {
  fs::create_directories(fs::path(shop.path(name)).parent_path());
  shop.write(name, {text.begin(), text.end()});
}

// Headers that every application uses.
void write_board_headers(const Workshop& shop) {
  write_text(shop, "sdk/Arduino.h", R"(#pragma once
#include <stdint.h>
#include <stddef.h>
struct SerialOfStub {
  void begin(unsigned long);
  size_t write(const uint8_t*, size_t);
  int available();
  int read();
  void flush();
  explicit operator bool() const;
};
extern SerialOfStub Serial, Serial1;
enum { LOW, HIGH, OUTPUT };
void pinMode(int, int); void digitalWrite(int, int);
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
             "typedef uint64_t absolute_time_t;\n"
             "extern \"C\" {\nuint64_t time_us_64();\n"
             "absolute_time_t make_timeout_time_us(uint64_t);\n}\n");
  write_text(shop, "sdk/pico/multicore.h", R"(#pragma once
#include <stddef.h>
#include <stdint.h>
extern "C" {
void multicore_reset_core1();
void multicore_launch_core1_with_stack(void (*)(void), uint32_t*, size_t);
}
)");
  // As in the pico-sdk's hardware_adc at 4b848803.
  write_text(shop, "sdk/hardware/adc.h", R"(#pragma once
#include <stdint.h>
typedef unsigned int uint;
extern "C" {
void adc_init(void); void adc_gpio_init(uint); void adc_select_input(uint);
void adc_fifo_setup(bool, bool, uint16_t, bool, bool);
void adc_set_clkdiv(float); void adc_run(bool); void adc_fifo_drain(void);
uint16_t adc_fifo_get_blocking(void);
}
)");
  write_text(shop, "sdk/hardware/sync.h", R"(#pragma once
extern "C" { void __dmb(); void __sev(); void __wfe(); }
)");
  write_text(shop, "sdk/esp_err.h",
             "#pragma once\ntypedef int esp_err_t;\n#define ESP_OK 0\n");
  // As in ESP-IDF's components/esp_driver_uart/include/driver/uart.h at
  // 0458add6, with what an RS-485 line takes of hal/uart_types.h.
  write_text(shop, "sdk/driver/uart.h", R"(#pragma once
#include <stddef.h>
#include <stdint.h>
#include "esp_err.h"
typedef int uart_port_t;
#define UART_NUM_0 0
#define UART_NUM_1 1
#define UART_PIN_NO_CHANGE (-1)
typedef enum { UART_DATA_8_BITS = 3 } uart_word_length_t;
typedef enum { UART_PARITY_DISABLE = 0 } uart_parity_t;
typedef enum { UART_STOP_BITS_1 = 1 } uart_stop_bits_t;
typedef enum { UART_HW_FLOWCTRL_DISABLE = 0 } uart_hw_flowcontrol_t;
typedef enum { UART_SCLK_DEFAULT = 4 } uart_sclk_t;
typedef enum {
  UART_MODE_UART = 0, UART_MODE_RS485_HALF_DUPLEX = 1
} uart_mode_t;
typedef struct {
  int baud_rate; uart_word_length_t data_bits; uart_parity_t parity;
  uart_stop_bits_t stop_bits; uart_hw_flowcontrol_t flow_ctrl;
  uint8_t rx_flow_ctrl_thresh; uint32_t rx_glitch_filt_thresh;
  union { uart_sclk_t source_clk; };
} uart_config_t;
extern "C" {
esp_err_t uart_param_config(uart_port_t, const uart_config_t*);
esp_err_t uart_set_pin(uart_port_t, int, int, int, int);
esp_err_t uart_set_mode(uart_port_t, uart_mode_t);
esp_err_t uart_wait_tx_done(uart_port_t, uint32_t);
int uart_write_bytes(uart_port_t, const void*, size_t);
int uart_read_bytes(uart_port_t, void*, uint32_t, uint32_t);
int uart_driver_install(uart_port_t, int, int, int, void*, int);
}
)");
  // As in driver/include of esp32-camera at 4335c93e, with what it takes of
  // driver/ledc.h.
  write_text(shop, "sdk/esp_camera.h", R"(#pragma once
#include <stddef.h>
#include <stdint.h>
#include "esp_err.h"
typedef enum { LEDC_TIMER_0 = 0 } ledc_timer_t;
typedef enum { LEDC_CHANNEL_0 = 0 } ledc_channel_t;
typedef enum { PIXFORMAT_GRAYSCALE = 3 } pixformat_t;
typedef enum { FRAMESIZE_QVGA = 6 } framesize_t;
typedef enum { CAMERA_GRAB_WHEN_EMPTY } camera_grab_mode_t;
typedef enum { CAMERA_FB_IN_PSRAM, CAMERA_FB_IN_DRAM } camera_fb_location_t;
typedef struct {
  int pin_pwdn, pin_reset, pin_xclk, pin_sccb_sda, pin_sccb_scl;
  int pin_d7, pin_d6, pin_d5, pin_d4, pin_d3, pin_d2, pin_d1, pin_d0;
  int pin_vsync, pin_href, pin_pclk, xclk_freq_hz;
  ledc_timer_t ledc_timer; ledc_channel_t ledc_channel;
  pixformat_t pixel_format; framesize_t frame_size;
  int jpeg_quality; size_t fb_count;
  camera_fb_location_t fb_location; camera_grab_mode_t grab_mode;
  int sccb_i2c_port;
} camera_config_t;
typedef struct {
  uint8_t* buf; size_t len, width, height; pixformat_t format;
} camera_fb_t;
extern "C" {
esp_err_t esp_camera_init(const camera_config_t*);
camera_fb_t* esp_camera_fb_get(void);
void esp_camera_fb_return(camera_fb_t*);
}
)");
  write_text(shop, "sdk/esp_timer.h",
             "#pragma once\n#include <stdint.h>\n"
             "extern \"C\" int64_t esp_timer_get_time();\n");
  write_text(shop, "sdk/freertos/FreeRTOS.h", R"(#pragma once
#include <stdint.h>
typedef int BaseType_t;
typedef unsigned UBaseType_t;
typedef uint32_t TickType_t;
typedef uint8_t StackType_t;
struct StaticTask_t { int unused; };
#define pdTRUE 1
#define portMAX_DELAY 0xFFFFFFFFu
)");
  write_text(shop, "sdk/freertos/task.h", R"(#pragma once
#include "freertos/FreeRTOS.h"
typedef struct tskTaskControlBlock* TaskHandle_t;
extern "C" {
void vTaskDelay(TickType_t); void vTaskDelete(TaskHandle_t);
TaskHandle_t xTaskGetCurrentTaskHandle(); BaseType_t xPortGetCoreID();
UBaseType_t uxTaskPriorityGet(TaskHandle_t);
TaskHandle_t xTaskCreateStaticPinnedToCore(void (*)(void*), const char*,
    uint32_t, void*, UBaseType_t, StackType_t*, StaticTask_t*, BaseType_t);
BaseType_t xTaskNotifyGive(TaskHandle_t);
uint32_t ulTaskNotifyTake(BaseType_t, TickType_t);
}
)");
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
extern "C" {
int64_t k_uptime_ticks(); void k_yield(); void k_sleep(int);
}
#define K_TICKS(n) (n)
inline uint64_t k_ticks_to_us_floor64(uint64_t t) { return t; }
)");
  write_text(shop, "sdk/main.h", R"(#pragma once
#include <stdint.h>
struct UART_HandleTypeDef { int unused; };
enum HAL_StatusTypeDef { HAL_OK };
struct RNG_HandleTypeDef { int unused; };
#define HAL_MAX_DELAY 0xFFFFFFFFu
extern "C" {
HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef*, const uint8_t*,
                                    uint16_t, uint32_t);
HAL_StatusTypeDef HAL_UART_Receive(UART_HandleTypeDef*, uint8_t*, uint16_t,
                                   uint32_t);
uint32_t HAL_GetTick();
HAL_StatusTypeDef HAL_RNG_GenerateRandomNumber(RNG_HandleTypeDef*, uint32_t*);
}
struct SysTick_Type { volatile uint32_t CTRL, LOAD, VAL; };
#define SysTick (reinterpret_cast<SysTick_Type*>(0xE000E010u))
)");
}

// Headers of projects that take programs by wire. As in pico-sdk (pico_flash's
// pico/flash.h at 0be7fb80, hardware/flash.h at 10a0e38f), ESP-IDF
// (esp_partition.h at 5595ab27) and Zephyr (storage/flash_map.h at 00cafdab).
void write_flash_headers(const Workshop& shop) {
  write_text(shop, "sdk/pico/flash.h", R"(#pragma once
#include <stddef.h>
#include <stdint.h>
#define FLASH_PAGE_SIZE (1u << 8)
#define FLASH_SECTOR_SIZE (1u << 12)
#define PICO_FLASH_SIZE_BYTES (2 * 1024 * 1024)
#define XIP_BASE 0x10000000u
extern "C" {
void flash_range_erase(uint32_t flash_offs, size_t count);
void flash_range_program(uint32_t flash_offs, const uint8_t* data, size_t count);
bool flash_safe_execute_core_init(void);
int flash_safe_execute(void (*func)(void*), void* param,
                       uint32_t enter_exit_timeout_ms);
}
)");
  write_text(shop, "sdk/esp_partition.h", R"(#pragma once
#include <stddef.h>
#include <stdint.h>
typedef int esp_err_t;
#define ESP_OK 0
typedef enum { ESP_PARTITION_MMAP_DATA } esp_partition_mmap_memory_t;
typedef uint32_t esp_partition_mmap_handle_t;
typedef enum { ESP_PARTITION_TYPE_DATA = 0x01 } esp_partition_type_t;
typedef enum {
  ESP_PARTITION_SUBTYPE_DATA_UNDEFINED = 0x06
} esp_partition_subtype_t;
typedef struct { uint32_t address, size, erase_size; } esp_partition_t;
extern "C" {
const esp_partition_t* esp_partition_find_first(esp_partition_type_t,
                                                esp_partition_subtype_t,
                                                const char* label);
esp_err_t esp_partition_read(const esp_partition_t*, size_t, void*, size_t);
esp_err_t esp_partition_write(const esp_partition_t*, size_t, const void*,
                              size_t);
esp_err_t esp_partition_erase_range(const esp_partition_t*, size_t, size_t);
esp_err_t esp_partition_mmap(const esp_partition_t*, size_t, size_t,
                             esp_partition_mmap_memory_t, const void**,
                             esp_partition_mmap_handle_t*);
}
)");
  write_text(shop, "sdk/zephyr/storage/flash_map.h", R"(#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
struct flash_area { uint8_t fa_id; off_t fa_off; size_t fa_size; };
#define CONFIG_FLASH_BASE_ADDRESS 0x0
#define DT_NODE_slot1_partition 5
#define FIXED_PARTITION_ID(label) DT_NODE_##label
extern "C" {
int flash_area_open(uint8_t id, const struct flash_area** fa);
int flash_area_read(const struct flash_area*, off_t, void*, size_t);
int flash_area_write(const struct flash_area*, off_t, const void*, size_t);
int flash_area_erase(const struct flash_area*, off_t, size_t);
}
)");
  write_text(shop, "sdk/zephyr/linker/linker-defs.h",
             "#pragma once\nextern \"C\" char __rom_region_end[];\n");
}

// Headers that nodes of clusters use besides.
void write_network_headers(const Workshop& shop) {
  write_text(shop, "sdk/IPAddress.h", R"(#pragma once
#include <stdint.h>
struct IPAddress {
  IPAddress();
  IPAddress(uint8_t, uint8_t, uint8_t, uint8_t);
  uint8_t operator[](int) const;
  uint8_t of[4];
};
struct UdpOfStub {
  uint8_t begin(uint16_t);
  int beginPacket(IPAddress, uint16_t);
  size_t write(const uint8_t*, size_t);
  int endPacket();
  int parsePacket();
  int read(uint8_t*, size_t);
  IPAddress remoteIP();
  uint16_t remotePort();
};
)");
  write_text(shop, "sdk/WiFi.h", R"(#pragma once
#include <IPAddress.h>
struct WiFiUDP : UdpOfStub {};
enum { WL_CONNECTED = 3 };
struct WiFiOfStub { int begin(const char*, const char*); int status(); };
extern WiFiOfStub WiFi;
)");
  write_text(shop, "sdk/arduino_secrets.h",
             "#define SECRET_SSID \"net\"\n#define SECRET_PASS \"word\"\n");
  write_text(shop, "sdk/QNEthernet.h", R"(#pragma once
#include <IPAddress.h>
namespace qindesign { namespace network {
struct EthernetUDP : UdpOfStub {};
struct EthernetClass {
  bool begin(const IPAddress&, const IPAddress&, const IPAddress&);
  bool waitForLink(uint32_t);
};
extern EthernetClass& Ethernet;
}}
)");
  write_text(shop, "sdk/STM32Ethernet.h", R"(#pragma once
#include <IPAddress.h>
struct EthernetUDP : UdpOfStub {};
enum EthernetLinkStatus { Unknown, LinkON, LinkOFF };
struct EthernetClass {
  void begin(uint8_t*, IPAddress);
  EthernetLinkStatus linkStatus();
};
extern EthernetClass Ethernet;
)");
  write_text(shop, "sdk/esp_random.h",
             "#pragma once\n#include <stddef.h>\n"
             "extern \"C\" void esp_fill_random(void*, size_t);\n");
  write_text(shop, "sdk/nvs_flash.h",
             "#pragma once\nextern \"C\" int nvs_flash_init();\n");
  write_text(shop, "sdk/sdkconfig.h",
             "#define CONFIG_SHOAL_WIFI_SSID \"net\"\n"
             "#define CONFIG_SHOAL_WIFI_PASSWORD \"word\"\n"
             "#define CONFIG_SHOAL_LINE_TX 17\n"
             "#define CONFIG_SHOAL_LINE_RX 18\n"
             "#define CONFIG_SHOAL_LINE_DRIVE 16\n");
  write_text(shop, "sdk/esp_event.h", R"(#pragma once
#include <stdint.h>
typedef const char* esp_event_base_t;
#include "esp_err.h"
typedef void (*esp_event_handler_t)(void*, esp_event_base_t, int32_t, void*);
extern "C" {
esp_err_t esp_event_loop_create_default();
esp_err_t esp_event_handler_register(esp_event_base_t, int32_t,
                                     esp_event_handler_t, void*);
}
)");
  write_text(shop, "sdk/esp_netif.h", R"(#pragma once
typedef struct esp_netif_obj esp_netif_t;
extern "C" {
int esp_netif_init();
esp_netif_t* esp_netif_create_default_wifi_sta();
}
)");
  write_text(shop, "sdk/esp_wifi.h", R"(#pragma once
#include <stdint.h>
struct wifi_init_config_t { int unused; };
#define WIFI_INIT_CONFIG_DEFAULT() { 0 }
typedef struct { uint8_t ssid[32], password[64]; } wifi_sta_config_t;
typedef union { wifi_sta_config_t sta; } wifi_config_t;
enum { WIFI_EVENT_STA_START = 2, WIFI_EVENT_STA_DISCONNECTED = 5 };
typedef enum { WIFI_MODE_STA = 1 } wifi_mode_t;
typedef enum { WIFI_IF_STA } wifi_interface_t;
typedef enum { WIFI_PS_NONE } wifi_ps_type_t;
typedef enum { WIFI_SECOND_CHAN_NONE = 0 } wifi_second_chan_t;
extern const char* const WIFI_EVENT;
extern "C" {
int esp_wifi_init(const wifi_init_config_t*);
int esp_wifi_set_mode(wifi_mode_t);
int esp_wifi_set_config(wifi_interface_t, wifi_config_t*);
int esp_wifi_start(); int esp_wifi_connect();
int esp_wifi_set_ps(wifi_ps_type_t);
int esp_wifi_set_channel(uint8_t, wifi_second_chan_t);
int esp_wifi_get_mac(wifi_interface_t, uint8_t*);
}
)");
  // As in ESP-IDF's components/esp_wifi/include/esp_now.h at 16abaf06.
  write_text(shop, "sdk/esp_now.h", R"(#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "esp_err.h"
#include "esp_wifi.h"
#define ESP_NOW_ETH_ALEN 6
#define ESP_NOW_KEY_LEN 16
#define ESP_NOW_MAX_TOTAL_PEER_NUM 20
#define ESP_NOW_MAX_IE_DATA_LEN 250
#define ESP_NOW_MAX_DATA_LEN ESP_NOW_MAX_IE_DATA_LEN
typedef struct wifi_pkt_rx_ctrl wifi_pkt_rx_ctrl_t;
typedef struct esp_now_peer_info {
  uint8_t peer_addr[ESP_NOW_ETH_ALEN];
  uint8_t lmk[ESP_NOW_KEY_LEN];
  uint8_t channel;
  wifi_interface_t ifidx;
  bool encrypt;
  void *priv;
} esp_now_peer_info_t;
typedef struct esp_now_recv_info {
  uint8_t * src_addr;
  uint8_t * des_addr;
  wifi_pkt_rx_ctrl_t * rx_ctrl;
} esp_now_recv_info_t;
typedef void (*esp_now_recv_cb_t)(const esp_now_recv_info_t *,
                                  const uint8_t *, int);
extern "C" {
esp_err_t esp_now_init(void);
esp_err_t esp_now_register_recv_cb(esp_now_recv_cb_t cb);
esp_err_t esp_now_send(const uint8_t *, const uint8_t *, size_t);
esp_err_t esp_now_add_peer(const esp_now_peer_info_t *);
esp_err_t esp_now_del_peer(const uint8_t *);
bool esp_now_is_peer_exist(const uint8_t *);
}
)");
  const std::string sockets = R"(
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
typedef uint32_t socklen_t;
struct in_addr { uint32_t s_addr; };
struct sockaddr { uint8_t sa_len, sa_family; char sa_data[14]; };
struct sockaddr_in {
  uint8_t sin_len, sin_family; uint16_t sin_port;
  struct in_addr sin_addr; char sin_zero[8];
};
#define AF_INET 2
#define SOCK_DGRAM 2
#define IPPROTO_UDP 17
extern "C" { uint32_t htonl_of_stub(uint32_t); uint16_t htons_of_stub(uint16_t); }
#define htonl htonl_of_stub
#define ntohl htonl_of_stub
#define htons htons_of_stub
#define ntohs htons_of_stub
)";
  write_text(shop, "sdk/sys/socket.h", "#pragma once\n" + sockets + R"(
#define MSG_DONTWAIT 8
extern "C" {
int socket(int, int, int);
int bind(int, const struct sockaddr*, socklen_t);
ssize_t sendto(int, const void*, size_t, int, const struct sockaddr*,
               socklen_t);
ssize_t recvfrom(int, void*, size_t, int, struct sockaddr*, socklen_t*);
int getsockname(int, struct sockaddr*, socklen_t*);
}
)");
  for (const char* name : {"sdk/netinet/in.h", "sdk/arpa/inet.h"}) {
    write_text(shop, name, "#include <sys/socket.h>\n");
  }
  write_text(shop, "sdk/zephyr/net/socket.h", "#pragma once\n" + sockets + R"(
#define ZSOCK_MSG_DONTWAIT 64
extern "C" {
int zsock_socket(int, int, int);
int zsock_bind(int, const struct sockaddr*, socklen_t);
int zsock_close(int);
ssize_t zsock_sendto(int, const void*, size_t, int, const struct sockaddr*,
                     socklen_t);
ssize_t zsock_recvfrom(int, void*, size_t, int, struct sockaddr*, socklen_t*);
int zsock_getsockname(int, struct sockaddr*, socklen_t*);
struct zsock_pollfd { int fd; short events, revents; };
#define ZSOCK_POLLIN 1
int zsock_poll(struct zsock_pollfd*, int, int);
}
)");
  write_text(shop, "sdk/zephyr/random/random.h",
             "#pragma once\n#include <stddef.h>\n"
             "extern \"C\" int sys_csrand_get(void*, size_t);\n");
  write_text(shop, "sdk/pico/rand.h",
             "#pragma once\n#include <stdint.h>\n"
             "extern \"C\" uint32_t get_rand_32();\n");
  write_text(shop, "sdk/pico/cyw43_arch.h", R"(#pragma once
#include <stdint.h>
#include "pico/time.h"
#define WIFI_SSID "net"
#define WIFI_PASSWORD "word"
#define CYW43_AUTH_WPA2_AES_PSK 1
extern "C" {
int cyw43_arch_init(); void cyw43_arch_enable_sta_mode(); void cyw43_arch_poll();
int cyw43_arch_wifi_connect_timeout_ms(const char*, const char*, uint32_t,
                                       uint32_t);
void cyw43_arch_wait_for_work_until(absolute_time_t);
}
)");
  write_text(shop, "sdk/lwip/udp.h", R"(#pragma once
#include <stddef.h>
#include <stdint.h>
typedef uint16_t u16_t;
typedef int8_t err_t;
enum { ERR_OK = 0, ERR_MEM = -1, ERR_BUF = -2, ERR_WOULDBLOCK = -7 };
typedef struct { uint32_t addr; } ip_addr_t, ip4_addr_t;
extern const ip_addr_t ip_any_of_stub;
#define IP4_ADDR_ANY (&ip_any_of_stub)
#define IPADDR4_INIT(u32) {u32}
#define ip_2_ip4(ip) (ip)
#define ip4_addr_get_u32(ip) ((ip)->addr)
struct pbuf { u16_t tot_len; };
struct udp_pcb { int unused; };
typedef enum { PBUF_TRANSPORT } pbuf_layer;
typedef enum { PBUF_RAM } pbuf_type;
typedef void (*udp_recv_fn)(void*, struct udp_pcb*, struct pbuf*,
                            const ip_addr_t*, u16_t);
extern "C" {
uint32_t lwip_htonl(uint32_t); uint32_t lwip_ntohl(uint32_t);
struct udp_pcb* udp_new(); void udp_remove(struct udp_pcb*);
err_t udp_bind(struct udp_pcb*, const ip_addr_t*, u16_t);
void udp_recv(struct udp_pcb*, udp_recv_fn, void*);
err_t udp_sendto(struct udp_pcb*, struct pbuf*, const ip_addr_t*, u16_t);
struct pbuf* pbuf_alloc(pbuf_layer, u16_t, pbuf_type);
uint8_t pbuf_free(struct pbuf*);
err_t pbuf_take(struct pbuf*, const void*, u16_t);
u16_t pbuf_copy_partial(const struct pbuf*, void*, u16_t, u16_t);
}
)");
  for (const char* name : {"sdk/lwip/pbuf.h", "sdk/lwip/ip_addr.h"}) {
    write_text(shop, name, "#include <lwip/udp.h>\n");
  }
}

// A file for each source that has compiled, as long as this program runs.
std::string passed_folder() {
  static const TemporaryFolder folder;
  return folder.path().string();
}

}  // namespace

void write_sdk_headers(const Workshop& shop) {
  write_flash_headers(shop);
  write_board_headers(shop);
  write_network_headers(shop);
}

Told compile_sources(const Workshop& shop, const std::string& folder,
                     const std::string& flags, const std::string& folders) {
  std::string includes = " -I../sdk";
  std::string name;
  for (const char c : folders + " ") {
    if (c != ' ') {
      name += c;
      continue;
    }
    includes += " -I" + name;
    name.clear();
  }
  return shop.script("cd " + folder +
                     "; " SHOAL_SOURCE_DIR "/tests/compile_sources.sh " +
                     passed_folder() + " '" + flags + "' '" + includes + "'");
}

}  // namespace shoal
