ifeq ($(strip $(CPU)),)
$(error shoal knows no compiler flags of this core: make CROSS=PREFIX- CPU="-mcpu=...")
endif
CROSS = arm-none-eabi-
CC = $(CROSS)gcc
CXX = $(LAUNCHER) $(CROSS)g++
SIZE = $(CROSS)size
TOOL_FLAGS =
# At -Os GCC 12 gets loops wrong on cores with loop instructions (Cortex-M55).
OPTIMIZE += -fno-branch-count-reg
LINK_FLAGS = -specs=nano.specs
LIBRARIES =
