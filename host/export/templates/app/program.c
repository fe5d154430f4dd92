/* The program of @MODEL@, a test input and the output that belongs to it, for
 * each network. A
 * string costs a compiler much less than a list of bytes does. */
#define SHOAL_CONSTANT __attribute__((aligned(16))) @SECTION@
extern const unsigned char @DECLARED@;
@CONSTANTS@
