/* The program of @MODEL@, a test input and the output that belongs to it. */
  .section @SECTION@, "a"
@CONSTANTS@
#if defined(__linux__) && defined(__ELF__)
  .section .note.GNU-stack, "", %progbits
#endif
