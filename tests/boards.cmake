# Tests of firmware: on this computer, and on emulated boards.
if(NOT BUILD_TESTING)
  return()
endif()

# The firmware that tests boot, and where it lies.
set(board_definitions SHOAL_BUILD="${PROJECT_BINARY_DIR}"
  SHOAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
  SHOAL_EXECUTABLE="$<TARGET_FILE:shoal>")
find_program(SHOAL_QEMU qemu-system-arm)

function(shoal_board_test name)
  cmake_parse_arguments(ARG "BOOTS" "TIMEOUT;SHARDS" "SOURCES;LIBS;LABELS"
    ${ARGN})
  add_executable(${name} ${name}.cc ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} shoal_emulate shoal_import
    GTest::gtest GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${SHOAL_WARNINGS})
  target_compile_definitions(${name} PRIVATE ${board_definitions})
  if(ARG_BOOTS AND TARGET firmware_emcraft-sf2)
    add_dependencies(${name} firmware_emcraft-sf2 shoal)
  endif()
  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  # Shards run side by side.
  foreach(shard RANGE 1 ${ARG_SHARDS})
    set(test ${name})
    if(ARG_SHARDS GREATER 1)
      set(test ${name}_${shard})
    endif()
    math(EXPR index "${shard} - 1")
    add_test(NAME ${test} COMMAND ${name})
    set_tests_properties(${test} PROPERTIES TIMEOUT ${ARG_TIMEOUT}
      LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77 ENVIRONMENT
      "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

shoal_board_test(board_firmware_test TIMEOUT 300
  SOURCES board_port.cc random_net.cc
  LIBS shoal_firmware shoal_model_builder)

# These boot boards. The build's own run of the tests has QEMU and the ARM
# compiler and says so with SHOAL_BOOT=1.
shoal_board_test(board_boot_test BOOTS TIMEOUT 300 SOURCES random_net.cc
  LIBS shoal_model_builder)
shoal_board_test(board_budget_test BOOTS TIMEOUT 60)
shoal_board_test(board_golden_test BOOTS SHARDS 3 TIMEOUT 300
  LIBS shoal_golden LABELS shared)
shoal_board_test(board_cli_test BOOTS TIMEOUT 120
  SOURCES command.cc random_net.cc LIBS shoal_model_builder shoal_golden)
shoal_board_test(board_bench_test BOOTS TIMEOUT 60 LIBS shoal_bench_node)
