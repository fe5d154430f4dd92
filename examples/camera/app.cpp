// Pictures of a camera that Espressif's driver knows, on an ESP32 or ESP32-S3:
//
//   shoal export model.tflite --as esp-idf --board esp32s3 -o proj
//   cp examples/camera/app.cpp proj/main/app.cpp
//   cd proj && idf.py add-dependency "espressif/esp32-camera"
//
// and esp32-camera behind REQUIRES in main/CMakeLists.txt. Sizes and pins below
// are yours to set. No board has run this; it was compiled against the driver's
// declarations.
#include <esp_camera.h>

#include "shoal_app.h"

namespace {

// Write here: the picture that the network takes.
constexpr uint32_t kRows = 96, kColumns = 96, kChannels = 1;

// Write here: the pins of your board, here those of an ESP32-S3-EYE.
camera_config_t settings() {
  camera_config_t c = {};
  c.pin_pwdn = c.pin_reset = -1;
  c.pin_xclk = 15, c.pin_sccb_sda = 4, c.pin_sccb_scl = 5;
  c.pin_d7 = 16, c.pin_d6 = 17, c.pin_d5 = 18, c.pin_d4 = 12;
  c.pin_d3 = 10, c.pin_d2 = 8, c.pin_d1 = 9, c.pin_d0 = 11;
  c.pin_vsync = 6, c.pin_href = 7, c.pin_pclk = 13;
  c.xclk_freq_hz = 20000000;
  c.ledc_timer = LEDC_TIMER_0, c.ledc_channel = LEDC_CHANNEL_0;
  c.pixel_format = PIXFORMAT_GRAYSCALE;
  c.frame_size = FRAMESIZE_QVGA;
  c.fb_count = 1, c.fb_location = CAMERA_FB_IN_DRAM;
  c.grab_mode = CAMERA_GRAB_WHEN_EMPTY;
  return c;
}

bool start() {
  static const bool started = [] {
    const camera_config_t config = settings();
    return esp_camera_init(&config) == ESP_OK;
  }();
  return started;
}

struct Picture {
  const camera_fb_t& frame;
  shoal::TopClasses<3> top = {};

  // Scales the frame's middle square to the network's input. A gray pixel is
  // every channel of its place. A network that takes more, or a second input,
  // is refused.
  static bool fill(void* user, uint32_t input, uint32_t offset, uint8_t* to,
                   uint32_t bytes) {
    constexpr uint32_t kBytes = kRows * kColumns * kChannels;
    if (input != 0 || offset > kBytes || bytes > kBytes - offset) return false;
    const camera_fb_t& f = static_cast<const Picture*>(user)->frame;
    const size_t side = f.width < f.height ? f.width : f.height;
    const size_t top = (f.height - side) / 2, left = (f.width - side) / 2;
    for (uint32_t i = 0; i < bytes; ++i) {
      const uint32_t place = (offset + i) / kChannels;
      const size_t row = top + place / kColumns * side / kRows;
      const size_t column = left + place % kColumns * side / kColumns;
      to[i] = static_cast<uint8_t>(f.buf[row * f.width + column] - 128);
    }
    return true;
  }
  static bool take(void* user, uint32_t output, uint32_t offset,
                   const uint8_t* from, uint32_t bytes) {
    return shoal::TopClasses<3>::take(&static_cast<Picture*>(user)->top, output,
                                      offset, from, bytes);
  }
};

}  // namespace

void shoal_app_turn(const shoal_port& port) {
  if (!start()) return;
  camera_fb_t* const frame = esp_camera_fb_get();
  if (!frame) return;
  Picture picture = {*frame};
  const shoal::FrameEnds ends = {&picture, Picture::fill, Picture::take,
                                 nullptr, nullptr};
  // A frame of another format than asked for has other bytes.
  const bool good = frame->format == PIXFORMAT_GRAYSCALE &&
                    frame->len >= frame->width * frame->height &&
                    shoal_app_run(ends) == SHOAL_OK;
  esp_camera_fb_return(frame);
  if (!good) return;
  for (uint32_t i = 0; i < picture.top.count(); ++i) {
    shoal_app::say_label(port, picture.top.index(i));
  }
}
