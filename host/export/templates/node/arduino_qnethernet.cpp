  const IPAddress ip((SHOAL_LISTEN_IP >> 24) & 0xFF,
                     (SHOAL_LISTEN_IP >> 16) & 0xFF,
                     (SHOAL_LISTEN_IP >> 8) & 0xFF, SHOAL_LISTEN_IP & 0xFF);
  Ethernet.begin(ip, IPAddress(255, 255, 255, 0), IPAddress(0, 0, 0, 0));
  return Ethernet.waitForLink(kConnectMs);
