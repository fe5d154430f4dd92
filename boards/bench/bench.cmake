# bench.elf: the measuring firmware, built beside firmware.elf by
# boards/firmware, with the same kernels. It has hardly any statics but what a
# board's drivers keep.
set(sources_of_firmware ${sources})
set(fixed_bytes_of_firmware ${fixed_bytes})
set(sources "")
foreach(file firmware measure measure_plain measure_wide ciphers handshake)
  list(APPEND sources ${root}/boards/bench/${file}.cc)
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

  # And a firmware whose part of device/ is for that core, as a test.
  sources_of_device(device base)
  add_library(device_for_core STATIC EXCLUDE_FROM_ALL ${device})
  target_link_libraries(device_for_core PUBLIC bench_kernels mbedcrypto)
  target_compile_options(device_for_core PRIVATE ${BOARD_BENCH_CPU_FLAGS}
    ${fast} ${SHOAL_WARNINGS})
  target_compile_definitions(device_for_core PRIVATE SHOAL_TAP
    $<TARGET_PROPERTY:shoal_program,COMPILE_DEFINITIONS>)
  set_target_properties(device_for_core PROPERTIES CXX_STANDARD 17)
  set(sources ${sources_of_firmware})
  set(fixed_bytes ${fixed_bytes_of_firmware})
  add_firmware(firmware-debug-${BOARD_BENCH_CORE} device_for_core)
  set(name firmware-debug-${BOARD_BENCH_CORE}.elf)
  set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  target_link_options(${name} PRIVATE LINKER:-u,shoal_storage_module)
endif()
