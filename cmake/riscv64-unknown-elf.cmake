# Toolchain file: Debian's gcc-riscv64-unknown-elf with picolibc. It comes
# without headers of the C++ library; those of the ARM compiler, which are of
# the same version, do, as device code takes from them what is only in headers.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
file(GLOB headers /usr/include/newlib/c++/12.*)
set(CMAKE_C_FLAGS_INIT "-specs=picolibc.specs")
set(CMAKE_CXX_FLAGS_INIT
  "-specs=picolibc.specs -isystem ${headers} -isystem ${headers}/arm-none-eabi")
set(SHOAL_LINK_FLAGS -nostdlib)  # there is no libstdc++ that g++ asks for
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT "-Wl,--start-group -lc -lgcc -Wl,--end-group")
