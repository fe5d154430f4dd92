# The facts of this board that boards/firmware needs.
set(BOARD_TOOLCHAIN riscv64-unknown-elf)
set(BOARD_CPU_FLAGS -march=rv32imac -misa-spec=2.2 -mabi=ilp32)
# Parts with these instructions get other code of the kernels: it has to compile.
set(BOARD_ALSO_CPU_FLAGS -march=rv32imac_zba_zbb -misa-spec=2.2 -mabi=ilp32)
set(BOARD_PARTS startup riscv)  # folders of boards/ that it shares
set(BOARD_STACK_BYTES 4096)
set(BOARD_HANDLER_STACK_BYTES 512)
