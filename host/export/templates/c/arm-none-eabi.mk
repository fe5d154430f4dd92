CROSS = arm-none-eabi-
CC = $(CROSS)gcc
CXX = $(LAUNCHER) $(CROSS)g++
SIZE = $(CROSS)size
TOOL_FLAGS =
LINK_FLAGS = -specs=nano.specs
LIBRARIES =
