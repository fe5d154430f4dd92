  set(MBEDTLS_SOURCES "" CACHE PATH "folder with the sources of Mbed TLS 2 or 3")
  foreach(part chacha20 chachapoly platform_util poly1305 sha256)
    target_sources(shoal PRIVATE ${MBEDTLS_SOURCES}/library/${part}.c)
  endforeach()
  target_include_directories(shoal PUBLIC ${MBEDTLS_SOURCES}/include
    ${CMAKE_SOURCE_DIR}/app)
  target_compile_definitions(shoal PUBLIC MBEDTLS_CONFIG_FILE="mbedtls_config.h")
