# `cpack` in the build folder makes a Debian package of what is installed; the
# package of tools/package.sh has the libraries of device/, too.
set(CPACK_PACKAGE_NAME shoal)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "the shoal authors <shoal@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "Neural networks over several microcontrollers, byte for byte")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Emulated boards run in them.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "qemu-system-arm, qemu-system-misc")
include(CPack)
