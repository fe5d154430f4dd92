CC = gcc
CXX = $(LAUNCHER) g++
SIZE = size
TOOL_FLAGS =
