# The components of device/ for others, their installation and what finds them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(STRINGS ${PROJECT_SOURCE_DIR}/CMakeLists.txt line
  REGEX "^project\\(shoal VERSION")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" SHOAL_VERSION "${line}")

set(libraries_device shoal_runtime shoal_kernels shoal_program shoal_base)
set(libraries_storage shoal_runtime_storage shoal_storage shoal_keys)
set(libraries_link shoal_runtime_link shoal_link shoal_keys)
set(SHOAL_COMPONENTS device storage link)
if(SHOAL_CIPHERS)
  set(libraries_crypto shoal_cipher_mbedtls)
  set(libraries_agent shoal_agent shoal_dh_mbedtls)
  list(APPEND SHOAL_COMPONENTS crypto agent)
endif()

# The first library of a component links the others.
foreach(component ${SHOAL_COMPONENTS})
  list(GET libraries_${component} 0 first)
  add_library(shoal_component_${component} INTERFACE)
  target_link_libraries(shoal_component_${component} INTERFACE ${first})
  set_target_properties(shoal_component_${component} PROPERTIES
    EXPORT_NAME ${component})
  add_library(shoal::${component} ALIAS shoal_component_${component})
  list(APPEND all shoal_component_${component} ${libraries_${component}})
endforeach()
if(SHOAL_CIPHERS)
  target_link_libraries(shoal_component_agent INTERFACE shoal_dh_mbedtls)
endif()

list(REMOVE_DUPLICATES all)

if(NOT alone)
  return()
endif()

set(include ${CMAKE_INSTALL_INCLUDEDIR}/shoal)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/shoal)
install(TARGETS ${all} EXPORT shoalTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${include})
install(EXPORT shoalTargets NAMESPACE shoal:: DESTINATION ${config})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/device DESTINATION ${include}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp"
  PATTERN testing EXCLUDE PATTERN "x86_*" EXCLUDE)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/shoalConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/shoalConfig.cmake INSTALL_DESTINATION ${config})
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/shoalConfigVersion.cmake
  VERSION ${SHOAL_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/shoalConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/shoalConfigVersion.cmake DESTINATION ${config})

# shoal.pc is the component device; the others are shoal-COMPONENT.pc.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
set(requires_storage shoal)
set(requires_link shoal)
set(requires_crypto shoal-link)
set(requires_agent "shoal-crypto, shoal-storage")
foreach(component ${SHOAL_COMPONENTS})
  set(name shoal-${component})
  if("${component}" STREQUAL "device")
    set(name shoal)
  endif()
  set(libs "-L\${libdir}")
  foreach(target ${libraries_${component}})
    string(APPEND libs " -l${target}")
    if(target MATCHES "^shoal_runtime_(storage|link)$")
      string(APPEND libs " -Wl,-u,shoal_${CMAKE_MATCH_1}_module")
    endif()
  endforeach()
  if(SHOAL_CIPHERS AND NOT "${component}" STREQUAL "device")
    string(APPEND libs " -lmbedcrypto")
  endif()
  set(requires "${requires_${component}}")
  file(CONFIGURE OUTPUT ${name}.pc @ONLY CONTENT
"prefix=\${pcfiledir}/@up@
includedir=\${prefix}/@include@
libdir=\${prefix}/@CMAKE_INSTALL_LIBDIR@

Name: @name@
Description: CNN inference on microcontrollers, component @component@
Version: @SHOAL_VERSION@
Requires: @requires@
Cflags: -I\${includedir}
Libs: @libs@
")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
