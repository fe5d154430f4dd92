# The library Shoal for the pico-sdk: its sources become part of the executable,
# as the SDK's own do, because they take the executable's lwIP and Mbed TLS.
#   add_subdirectory(shoal)
#   target_link_libraries(app shoal)
cmake_minimum_required(VERSION 3.13)
set(shoal_sources
@SOURCES@)
list(TRANSFORM shoal_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
add_library(shoal INTERFACE)
target_sources(shoal INTERFACE ${shoal_sources})
target_include_directories(shoal INTERFACE ${CMAKE_CURRENT_LIST_DIR}/src)
target_compile_definitions(shoal INTERFACE SHOAL_WITHOUT_X86_KERNELS)
target_link_libraries(shoal INTERFACE@LIBRARIES_PICO@)
