// Arduino's core as far as a sketch calls it: its UDP is a socket of this
// computer.
#include <Arduino.h>
#include <WiFi.h>

#include <cstring>

#include "host.h"

SerialOfStub Serial, Serial1;
WiFiOfStub WiFi;

void SerialOfStub::begin(unsigned long) {}
size_t SerialOfStub::write(const uint8_t* data, size_t bytes) {
  host_write(data, static_cast<uint32_t>(bytes));
  return bytes;
}
int SerialOfStub::available() { return 0; }
int SerialOfStub::read() { return -1; }
SerialOfStub::operator bool() const { return true; }
unsigned long millis() { return host_now_us() / 1000; }
unsigned long micros() { return host_now_us(); }
void delay(unsigned long ms) {
  host_sleep_us(static_cast<uint32_t>(ms) * 1000);
}
void yield() { host_sleep_us(100); }

int WiFiOfStub::begin(const char*, const char*) { return WL_CONNECTED; }
int WiFiOfStub::status() { return WL_CONNECTED; }

namespace {

int opened = -1;
uint8_t out[2048], came[2048];
uint32_t out_bytes = 0, out_ip = 0, came_ip = 0;
uint16_t out_port = 0, came_port = 0;
int came_bytes = 0;

}  // namespace

IPAddress::IPAddress() : of{} {}
IPAddress::IPAddress(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
    : of{a, b, c, d} {}
uint8_t IPAddress::operator[](int i) const { return of[i]; }

uint8_t UdpOfStub::begin(uint16_t port) {
  opened = host_open_udp(port);
  return opened >= 0;
}
int UdpOfStub::beginPacket(IPAddress ip, uint16_t port) {
  out_ip = static_cast<uint32_t>(ip[0]) << 24 |
           static_cast<uint32_t>(ip[1]) << 16 |
           static_cast<uint32_t>(ip[2]) << 8 | ip[3];
  out_port = port;
  out_bytes = 0;
  return 1;
}
size_t UdpOfStub::write(const uint8_t* data, size_t bytes) {
  std::memcpy(out + out_bytes, data, bytes);
  out_bytes += static_cast<uint32_t>(bytes);
  return bytes;
}
int UdpOfStub::endPacket() {
  host_send_udp(opened, out_ip, out_port, out, out_bytes);
  return 1;
}
int UdpOfStub::parsePacket() {
  came_bytes =
      host_receive_udp(opened, &came_ip, &came_port, came, sizeof came);
  return came_bytes < 0 ? 0 : came_bytes;
}
int UdpOfStub::read(uint8_t* to, size_t capacity) {
  const size_t some = came_bytes < static_cast<int>(capacity)
                          ? static_cast<size_t>(came_bytes)
                          : capacity;
  std::memcpy(to, came, some);
  return static_cast<int>(some);
}
IPAddress UdpOfStub::remoteIP() {
  return {static_cast<uint8_t>(came_ip >> 24),
          static_cast<uint8_t>(came_ip >> 16),
          static_cast<uint8_t>(came_ip >> 8), static_cast<uint8_t>(came_ip)};
}
uint16_t UdpOfStub::remotePort() { return came_port; }

void setup();
void loop();
int main() {
  setup();
  for (;;) loop();
}
