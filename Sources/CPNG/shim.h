// Accessors for libpng macros that Swift cannot import; zlib for the checksum of PNG chunks.
#ifndef CPNG_SHIM_H
#define CPNG_SHIM_H

#include <png.h>
#include <zlib.h>

static inline png_uint_32 cpng_format_rgb(void) { return PNG_FORMAT_RGB; }
static inline png_uint_32 cpng_image_version(void) { return PNG_IMAGE_VERSION; }
static inline size_t cpng_encoded_size_limit(png_image image) {
  return PNG_IMAGE_PNG_SIZE_MAX(image);
}
static inline int cpng_failed(png_image image) { return PNG_IMAGE_FAILED(image) ? 1 : 0; }

#endif
