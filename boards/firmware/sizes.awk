# Flash and RAM by library, from a linker's map file. A line of an input
# section is "NAME ADDRESS SIZE FILE", or NAME alone and the rest on the next
# line; a file in an archive is "PATH/libNAME.a(OBJECT)".
#   awk -f sizes.awk firmware.map

function number(hex,   i, value) {
  value = 0
  for (i = 3; i <= length(hex); ++i)
    value = value * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
  return value
}

function library(file) {
  if (match(file, /lib[^\/]*\.a\(/))
    file = substr(file, RSTART + 3, RLENGTH - 6)
  else if (file ~ /\/boards\/|CMakeFiles/)
    return "firmware"
  sub(/^shoal_/, "", file)
  sub(/^runtime_(storage|link)$/, "runtime", file)
  sub(/^cipher_mbedtls$/, "link", file)
  sub(/^keys$/, "storage", file)
  return file ~ /^(base|program|kernels|link|agent|storage|runtime|mbedcrypto|lwip)$/ ? file : "libc"
}

function add(name, address, size, file,   bytes) {
  bytes = number(size)
  if (bytes == 0 || number(address) == 0 && name !~ /^\.vectors/) return
  if (name ~ /^\.(text|rodata|vectors|data|glue|vfp|v4)/) flash[library(file)] += bytes
  if (name ~ /^\.(data|bss)|^COMMON/) ram[library(file)] += bytes
  seen[library(file)] = 1
}

/^Linker script and memory map/ { begun = 1 }
!begun { next }
/^ [.C][^ ]*$/ { name = $1; next }
/^ [.C][^ ]* +0x[0-9a-f]+ +0x[0-9a-f]+ [^ ]/ { add($1, $2, $3, $4); next }
/^ +0x[0-9a-f]+ +0x[0-9a-f]+ [^ ]/ { if (name) add(name, $1, $2, $3) }
{ name = "" }

function line(what) {
  printf "  %-12s %7d %7d\n", what, flash[what], ram[what]
  all_flash += flash[what]
  all_ram += ram[what]
}

END {
  printf "  %-12s %7s %7s\n", "library", "flash", "RAM"
  n = split("kernels runtime storage link agent program mbedcrypto lwip base firmware libc", order)
  for (i = 1; i <= n; ++i) if (order[i] in seen) line(order[i])
  printf "  %-12s %7d %7d\n", "all", all_flash, all_ram
}
