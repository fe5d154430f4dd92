# The facts of this board that boards/firmware needs.
set(BOARD_TOOLCHAIN riscv64-unknown-elf)
set(BOARD_CPU_FLAGS -march=rv32imac -misa-spec=2.2 -mabi=ilp32)
set(BOARD_PARTS startup riscv qemu-rv32)  # folders of boards/ that it shares
set(BOARD_LINK qemu-rv32)
set(BOARD_STACK_BYTES 4096)
set(BOARD_HANDLER_STACK_BYTES 512)
set(BOARD_CORES 2)
set(BOARD_DRIVER_BYTES 3712)  # most of it stacks of the second core
