// libpng and zlib for Swift: macros that it cannot import, and the reading of a picture, whose errors
// leave libpng by longjmp and must be caught before they reach a Swift frame.
#ifndef CPNG_SHIM_H
#define CPNG_SHIM_H

#include <errno.h>
#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static inline png_uint_32 cpng_format_rgb(void) { return PNG_FORMAT_RGB; }
static inline png_uint_32 cpng_image_version(void) { return PNG_IMAGE_VERSION; }
static inline size_t cpng_encoded_size_limit(png_image image) {
  return PNG_IMAGE_PNG_SIZE_MAX(image);
}

// A picture being read from an open file. It must not move between cpng_open and cpng_close.
typedef struct {
  png_structp png;
  png_infop info;
  int descriptor;
  off_t position;
  uint32_t width, height;
  // Bytes of a pixel as cpng_read gives it: 3, or 4 with transparency.
  uint32_t channels;
  char message[160];
} cpng_reader;

static inline void cpng_fail(png_structp png, png_const_charp message) {
  cpng_reader *reader = (cpng_reader *)png_get_error_ptr(png);
  snprintf(reader->message, sizeof reader->message, "%s", message);
  png_longjmp(png, 1);
}

static inline void cpng_pass_over(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static inline void cpng_fetch(png_structp png, png_bytep bytes, size_t count) {
  cpng_reader *reader = (cpng_reader *)png_get_io_ptr(png);
  while (count > 0) {
    ssize_t got = pread(reader->descriptor, bytes, count, reader->position);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) png_error(png, strerror(errno));
    if (got == 0) png_error(png, "it ends early");
    reader->position += got;
    bytes += got;
    count -= (size_t)got;
  }
}

// Reads everything before the pixels. False leaves the reason in `message`. Every call is followed by
// one of cpng_close.
static inline bool cpng_open(cpng_reader *reader, int descriptor, uint32_t longest_side) {
  memset(reader, 0, sizeof *reader);
  reader->descriptor = descriptor;
  reader->png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, cpng_fail, cpng_pass_over);
  if (reader->png) reader->info = png_create_info_struct(reader->png);
  if (!reader->info) return false;
  if (setjmp(png_jmpbuf(reader->png))) return false;
  png_set_read_fn(reader->png, reader, cpng_fetch);
  png_set_user_limits(reader->png, longest_side, longest_side);
  // All but IHDR, PLTE, tRNS, IDAT and IEND is passed over unread: values are wanted as they are
  // stored, so that no gamma, profile or background has a say in them.
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(reader->png, reader->info);
  png_set_expand(reader->png);
  png_set_strip_16(reader->png);
  png_set_gray_to_rgb(reader->png);
  png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  reader->width = png_get_image_width(reader->png, reader->info);
  reader->height = png_get_image_height(reader->png, reader->info);
  reader->channels = png_get_channels(reader->png, reader->info);
  return true;
}

// Fills `pixels`, [height, width, channels]. False leaves the reason in `message`.
static inline bool cpng_read(cpng_reader *reader, uint8_t *pixels) {
  if (setjmp(png_jmpbuf(reader->png))) return false;
  size_t row_length = (size_t)reader->width * reader->channels;
  // An interlaced picture comes in seven passes, each of which fills in some of the pixels.
  int passes =
      png_get_interlace_type(reader->png, reader->info) == PNG_INTERLACE_NONE ? 1 : 7;
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t row = 0; row < reader->height; row++)
      png_read_row(reader->png, pixels + row * row_length, NULL);
  return true;
}

static inline void cpng_close(cpng_reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
}

#endif
