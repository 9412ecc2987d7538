/* The part of Apple's header that mimalloc uses; zig has no CommonCrypto. The function is in libSystem. */
#pragma once
#include <CommonCrypto/CommonCryptoError.h>
#include <stddef.h>

CCRNGStatus CCRandomGenerateBytes(void *bytes, size_t count);
