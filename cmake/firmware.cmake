# Firmware of the boards that have some, in builds of their own:
# BUILD/boards/NAME/firmware.elf. Left out, and said so, where the compiler or
# the sources are missing.
set(SHOAL_SOURCES "" CACHE PATH
  "what tools/sources.sh has fetched (default: its own choice)")
if(NOT SHOAL_SOURCES)
  set(SHOAL_SOURCES "$ENV{SHOAL_SOURCES}")
endif()
if(NOT SHOAL_SOURCES)
  set(SHOAL_SOURCES ${PROJECT_SOURCE_DIR}/build/sources)
endif()
find_program(SHOAL_ARM_COMPILER arm-none-eabi-g++)
find_program(SHOAL_RISCV_COMPILER riscv64-unknown-elf-g++)
file(GLOB libstdcxx_headers /usr/include/newlib/c++/12.*)
set(missing "")
if(NOT SHOAL_ARM_COMPILER)
  set(missing "no arm-none-eabi-g++ (gcc-arm-none-eabi, \
libnewlib-arm-none-eabi, libstdc++-arm-none-eabi-newlib)")
elseif(NOT EXISTS ${SHOAL_SOURCES}/mbedtls OR NOT EXISTS ${SHOAL_SOURCES}/lwip)
  set(missing "no ${SHOAL_SOURCES}/mbedtls or lwip (tools/sources.sh)")
endif()
if(missing)
  if(SHOAL_FIRMWARE_ONLY)
    message(FATAL_ERROR "No firmware: ${missing}")
  endif()
  message(STATUS "No firmware: ${missing}")
  return()
endif()
include(ExternalProject)
include(GNUInstallDirs)
find_program(SHOAL_CCACHE ccache)
set(launcher "")
if(SHOAL_CCACHE)
  set(launcher -DCMAKE_C_COMPILER_LAUNCHER=${SHOAL_CCACHE}
    -DCMAKE_CXX_COMPILER_LAUNCHER=${SHOAL_CCACHE})
endif()
# Tests need none, and a fifth of the time to compile goes into it.
set(debug_info "")
if(SHOAL_BUNDLE)
  set(debug_info -DSHOAL_DEBUG_INFO=OFF)
endif()
file(GLOB facts ${PROJECT_SOURCE_DIR}/boards/*/board.cmake)
set(SHOAL_BOOTING_BOARDS "" CACHE INTERNAL "boards that have firmware here")
foreach(file ${facts})
  get_filename_component(id ${file} DIRECTORY)
  get_filename_component(id ${id} NAME)
  include(${file})  # BOARD_TOOLCHAIN
  if(BOARD_TOOLCHAIN STREQUAL riscv64-unknown-elf AND NOT
      (SHOAL_RISCV_COMPILER AND libstdcxx_headers))
    message(STATUS "No firmware for ${id}: no riscv64-unknown-elf-g++ \
(gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf, and \
libstdc++-arm-none-eabi-newlib for headers)")
    continue()
  endif()
  set(SHOAL_BOOTING_BOARDS ${SHOAL_BOOTING_BOARDS} ${id} CACHE INTERNAL "")
  ExternalProject_Add(firmware_${id}
    SOURCE_DIR ${PROJECT_SOURCE_DIR}/boards/firmware
    BINARY_DIR ${PROJECT_BINARY_DIR}/boards/${id}
    PREFIX ${PROJECT_BINARY_DIR}/boards/${id}/prefix
    CMAKE_GENERATOR Ninja
    CMAKE_ARGS -DSHOAL_BOARD=${id} -DSHOAL_SOURCES=${SHOAL_SOURCES}
      -DCMAKE_TOOLCHAIN_FILE=${PROJECT_SOURCE_DIR}/cmake/${BOARD_TOOLCHAIN}.cmake
      ${launcher} ${debug_info}
    BUILD_COMMAND ${CMAKE_COMMAND} --build <BINARY_DIR> -- --quiet
    BUILD_ALWAYS ON
    INSTALL_COMMAND ""
    USES_TERMINAL_BUILD ON)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/boards/${id}
    DESTINATION ${CMAKE_INSTALL_DATADIR}/shoal/boards
    FILES_MATCHING PATTERN "*.elf"
    PATTERN "*-without-plain.elf" EXCLUDE
    PATTERN CMakeFiles EXCLUDE PATTERN device EXCLUDE PATTERN prefix EXCLUDE)
endforeach()
