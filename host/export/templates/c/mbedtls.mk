# Mbed TLS 2 or 3, of whose sources this takes five.
ifeq ($(strip $(MBEDTLS_SOURCES)),)
$(error make MBEDTLS_SOURCES=FOLDER with the sources of Mbed TLS)
endif
FLAGS += -I$(MBEDTLS_SOURCES)/include -DMBEDTLS_CONFIG_FILE='"mbedtls_config.h"'
CIPHER = $(patsubst %,build/mbedtls/%.o,chacha20 chachapoly platform_util poly1305 \
  sha256)
$(TARGET): $(CIPHER)

build/mbedtls/%.o: $(MBEDTLS_SOURCES)/library/%.c
	@mkdir -p $(@D)
	@echo "  $<"
	@$(CC) $(FLAGS) $(OPTIMIZE) -c $< -o $@

