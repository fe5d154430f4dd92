// The line is UART 1, whose RTS turns the transceiver's driver on by hardware.
#include "driver/uart.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"
#include "shoal_line.h"
#include "shoal_port.h"

namespace shoal_app {

bool open_line(const shoal_port& port) {
  uart_config_t config = {};
  config.baud_rate = static_cast<int>(kLineBaud);
  config.data_bits = UART_DATA_8_BITS;
  config.parity = UART_PARITY_DISABLE;
  config.stop_bits = UART_STOP_BITS_1;
  config.flow_ctrl = UART_HW_FLOWCTRL_DISABLE;
  config.source_clk = UART_SCLK_DEFAULT;
  if (uart_driver_install(UART_NUM_1, 4096, 0, 0, nullptr, 0) != ESP_OK ||
      uart_param_config(UART_NUM_1, &config) != ESP_OK ||
      uart_set_pin(UART_NUM_1, CONFIG_SHOAL_LINE_TX, CONFIG_SHOAL_LINE_RX,
                   CONFIG_SHOAL_LINE_DRIVE, UART_PIN_NO_CHANGE) != ESP_OK ||
      uart_set_mode(UART_NUM_1, UART_MODE_RS485_HALF_DUPLEX) != ESP_OK) {
    Line(port) << "refused: UART 1 does not open";
    return false;
  }
  return true;
}

uint32_t write_line(void*, const void* data, uint32_t bytes) {
  const int some = uart_write_bytes(UART_NUM_1, data, bytes);
  return some > 0 ? static_cast<uint32_t>(some) : 0;
}

uint32_t read_line(void*, void* to, uint32_t capacity) {
  const int some = uart_read_bytes(UART_NUM_1, to, capacity, 0);
  return some > 0 ? static_cast<uint32_t>(some) : 0;
}

void drive_line(void*, bool on) {
  if (!on) uart_wait_tx_done(UART_NUM_1, portMAX_DELAY);
}

// A tick is a millisecond, by sdkconfig.defaults.
void wait_line() { vTaskDelay(1); }

}  // namespace shoal_app
