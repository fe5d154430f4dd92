# bench.elf: the measuring firmware, built beside firmware.elf by
# boards/firmware, with the same kernels. It has hardly any statics.
set(sources ${root}/boards/firmware/frames.cc)
foreach(file firmware measure ciphers handshake)
  list(APPEND sources ${root}/boards/bench/${file}.cc)
endforeach()
foreach(part ${BOARD_PARTS} ${SHOAL_BOARD})
  file(GLOB some CONFIGURE_DEPENDS ${root}/boards/${part}/*.cc)
  list(APPEND sources ${some})
endforeach()
math(EXPR fixed_bytes
  "${BOARD_STACK_BYTES} + ${BOARD_HANDLER_STACK_BYTES} + 256")
add_firmware(bench shoal_kernels)
target_link_libraries(bench.elf PRIVATE shoal_dh_everest)
