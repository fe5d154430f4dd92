# bench.elf: the measuring firmware, built beside firmware.elf by
# boards/firmware, with the same kernels. It has hardly any statics but what a
# board's drivers keep.
set(sources ${root}/boards/firmware/frames.cc)
foreach(file firmware measure ciphers handshake)
  list(APPEND sources ${root}/boards/bench/${file}.cc)
endforeach()
foreach(part ${BOARD_PARTS} ${SHOAL_BOARD})
  file(GLOB some CONFIGURE_DEPENDS ${root}/boards/${part}/*.cc)
  list(FILTER some EXCLUDE REGEX "/sd/.*_test\\.cc$")
  list(APPEND sources ${some})
endforeach()
math(EXPR fixed_bytes
  "${BOARD_STACK_BYTES} + ${BOARD_HANDLER_STACK_BYTES} + 256 + 0${BOARD_DRIVER_BYTES}")
add_firmware(bench shoal_kernels)
target_link_libraries(bench.elf PRIVATE shoal_dh_everest)

# With kernels for another core; all else is this one's.
if(BOARD_BENCH_CORE)
  get_target_property(sources_of_kernels shoal_kernels SOURCES)
  add_library(bench_kernels STATIC ${sources_of_kernels})
  target_include_directories(bench_kernels PUBLIC ${root})
  target_compile_options(bench_kernels PRIVATE ${BOARD_BENCH_CPU_FLAGS} ${fast}
    ${SHOAL_WARNINGS})
  target_compile_definitions(bench_kernels PRIVATE
    $<TARGET_PROPERTY:shoal_kernels,COMPILE_DEFINITIONS>)
  set_target_properties(bench_kernels PROPERTIES CXX_STANDARD 17)
  add_firmware(bench-${BOARD_BENCH_CORE} bench_kernels)
  target_link_libraries(bench-${BOARD_BENCH_CORE}.elf PRIVATE shoal_dh_everest)
endif()
