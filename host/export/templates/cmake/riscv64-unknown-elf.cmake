# Debian's has no headers of the C++ library; those of the ARM compiler of the
# same version do, as nothing but headers is taken from them.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
file(GLOB headers /usr/include/newlib/c++/12.*)
set(flags "@CPU_FLAGS@ -specs=picolibc.specs")
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_ASM_FLAGS_INIT "${flags}")
set(CMAKE_CXX_FLAGS_INIT
  "${flags} -isystem ${headers} -isystem ${headers}/arm-none-eabi")
set(SHOAL_LINK_FLAGS -nostdlib)  # there is no libstdc++ that g++ asks for
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT
  "-Wl,--start-group -lc -lgcc -Wl,--end-group")
