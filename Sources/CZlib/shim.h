// zlib, for the deflated records of zip archives. Its initialiser is a macro, which Swift cannot import.
#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <zlib.h>

// Starts a stream of raw deflate data, which is what zip archives hold: no header, no checksum.
static inline int czlib_start_raw_inflation(z_stream *stream) { return inflateInit2(stream, -15); }

#endif
