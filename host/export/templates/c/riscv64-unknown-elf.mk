# Debian's has no headers of the C++ library; those of the ARM compiler of the
# same version do, as nothing but headers is taken from them.
CROSS = riscv64-unknown-elf-
CC = $(CROSS)gcc
CXX = $(LAUNCHER) $(CROSS)g++
SIZE = $(CROSS)size
CXX_HEADERS = $(lastword $(sort $(wildcard /usr/include/newlib/c++/12.*)))
TOOL_FLAGS = -specs=picolibc.specs $(addprefix -isystem ,$(CXX_HEADERS) \
  $(wildcard $(CXX_HEADERS)/arm-none-eabi))
# There is no libstdc++ that g++ asks for.
LINK_FLAGS = -nostdlib
LIBRARIES = -specs=picolibc.specs -Wl,--start-group -lc -lgcc -Wl,--end-group
