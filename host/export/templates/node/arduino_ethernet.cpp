  static uint8_t mac[] = {0x02, 0x53, 0x48, (SHOAL_LISTEN_IP >> 16) & 0xFF,
                          (SHOAL_LISTEN_IP >> 8) & 0xFF, SHOAL_LISTEN_IP & 0xFF};
  const IPAddress ip((SHOAL_LISTEN_IP >> 24) & 0xFF,
                     (SHOAL_LISTEN_IP >> 16) & 0xFF,
                     (SHOAL_LISTEN_IP >> 8) & 0xFF, SHOAL_LISTEN_IP & 0xFF);
  Ethernet.begin(mac, ip);
  const uint32_t since = millis();
  while (Ethernet.linkStatus() != LinkON) {
    if (millis() - since > kConnectMs) return false;
    delay(100);
  }
  return true;
