  WiFi.begin(SECRET_SSID, SECRET_PASS);
  const uint32_t since = millis();
  while (WiFi.status() != WL_CONNECTED) {
    if (millis() - since > kConnectMs) return false;
    delay(100);
  }
  return true;
