# The facts of this board that boards/firmware needs.
set(BOARD_TOOLCHAIN arm-none-eabi)
set(BOARD_CPU_FLAGS -mcpu=cortex-m3 -mthumb)
set(BOARD_PARTS startup cortex_m)  # folders of boards/ that it shares
set(BOARD_STACK_BYTES 4096)
set(BOARD_HANDLER_STACK_BYTES 512)
set(BOARD_DEFINITIONS BOARD_NIC_FRAMES=4)
# On a network.
set(BOARD_NODE_FIXED_BYTES 9056)
set(BOARD_NODE_PEERS 16)
set(BOARD_NODE_TICK_BITS 17)
set(BOARD_NET_DEFINITIONS SHOAL_SMALL_NET)
# Also firmware-debug-without-plain.elf, which a test runs.
set(BOARD_WITHOUT_PLAIN ON)
