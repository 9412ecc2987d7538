/* The part of Apple's header that mimalloc uses; zig has no CommonCrypto. */
#pragma once
#include <stdint.h>

enum { kCCSuccess = 0 };
typedef int32_t CCRNGStatus;
